select sentence
from gold.budget_advice
order by channel <> 'All channels', abs(recommended_spend_amount - present_spend_amount) desc, channel
