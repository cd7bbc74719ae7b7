with aucs as (
    select run_id, max(value) as roc_auc from ml.metrics where key = 'roc_auc' group by run_id
),

losses as (
    select run_id, max(value) as log_loss from ml.metrics where key = 'log_loss' group by run_id
)

select
    r.run_id,
    r.experiment,
    r.name,
    r.status,
    r.started_at,
    round(a.roc_auc, 4) as roc_auc,
    round(l.log_loss, 5) as log_loss
from ml.runs as r
left join aucs as a on r.run_id = a.run_id
left join losses as l on r.run_id = l.run_id
order by r.started_at desc
