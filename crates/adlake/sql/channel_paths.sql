select path_source, path, conversion_count, value_amount, null_count
from gold.channel_paths
