-- Customers at cuts whose horizon has passed.
select * from gold.customer_churn_features
where is_churned is not null
