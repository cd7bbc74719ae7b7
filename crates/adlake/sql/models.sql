with aucs as (
    select run_id, max(value) as roc_auc from ml.metrics where key = 'roc_auc' group by run_id
)

select
    m.name || '/' || cast(m.version as text) as model,
    m.run_id,
    m.registered_at,
    round(a.roc_auc, 4) as roc_auc
from ml.models as m
left join aucs as a on m.run_id = a.run_id
order by m.name, m.version
