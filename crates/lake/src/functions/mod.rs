//! SQL functions that models use beyond DataFusion's own.

mod clean;
mod json;

use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

/// Adds `clean`, `json_strings` and `is_json` to a session.
pub(crate) fn register(context: &SessionContext) {
    context.register_udf(ScalarUDF::from(clean::Clean::default()));
    json::register(context);
}
