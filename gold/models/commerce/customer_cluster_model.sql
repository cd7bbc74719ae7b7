/*
One row: the groups that customers fall into by recency, frequency and monetary value, found by k-means++ on their standardised
logarithms; how many there are is chosen by the silhouette. Where there are no groups, such as with a single customer, the model is
null and the reason says why.

key  = ["as_of_on"]
kind = "full"

[parameters]
fewest_clusters = { default = 2, min = 2, max = 50, description = "The fewest groups that are tried" }
most_clusters   = { default = 8, min = 2, max = 50, description = "The most groups that are tried" }
seed            = { default = 0, min = 0, description = "Where the random numbers begin" }

[columns]
as_of_on      = "The log's last day"
cluster_count = "Number of groups"
silhouette    = "Mean silhouette of the customers, -1 to 1: near 1 they lie close to their group and far from the next"
inertia       = "Sum of squared distances from the groups' centres, in standard deviations"
reason        = "Why there are so many groups, or none"
model         = "The groups as JSON, which rfm_cluster reads"
*/
with rfm as (
    select * from gold.customer_rfm
),

fitted as (
    select
        as_of_on,
        rfm_clusters_fit(
            array_agg(named_struct(
                'recency_days', recency_days,
                'order_count', order_count,
                'net_amount', cast(net_amount as double)
            )),
            $fewest_clusters,
            $most_clusters,
            $seed
        ) as f
    from rfm
    group by as_of_on
)

select
    as_of_on as as_of_on,
    f['cluster_count'] as cluster_count,
    f['silhouette'] as silhouette,
    f['inertia'] as inertia,
    f['why'] as reason,
    f['model'] as model
from fitted
