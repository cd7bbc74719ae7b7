//! SQL functions that models use beyond DataFusion's own.

mod advice;
mod attribution;
mod clean;
mod clusters;
mod computed;
mod incremental;
mod journey_credits;
mod json;
mod row_md5;
mod segments;
mod texts;

use datafusion::config::ConfigOptions;
use datafusion::functions::datetime::to_timestamp::{
    ToTimestampFunc, ToTimestampMicrosFunc, ToTimestampMillisFunc, ToTimestampNanosFunc, ToTimestampSecondsFunc,
};
use datafusion::logical_expr::{ScalarUDF, WindowUDF};
use datafusion::prelude::SessionContext;

/// Adds `clean`, `row_md5`, `json_strings`, `is_json` and those of texts, customers and channels to a session, and `to_timestamp` and its kin in a form that works.
pub(crate) fn register(context: &SessionContext) {
    context.register_udf(ScalarUDF::from(clean::Clean::default()));
    context.register_udf(ScalarUDF::from(row_md5::RowMd5::default()));
    json::register(context);
    context.register_udwf(WindowUDF::from(journey_credits::JourneyCredits::default()));
    let computed = [texts::all(), segments::all(), clusters::all(), attribution::all(), advice::all(), incremental::all()];
    for function in computed.into_iter().flatten() {
        context.register_udf(ScalarUDF::from(function));
    }
    // With a session's time zone these promise instants of that zone, and for a column of text give others: queries with
    // them would fail. Without one they give the same instants, which tables hold as UTC.
    let plain = ConfigOptions::default();
    context.register_udf(ToTimestampFunc::new_with_config(&plain).into());
    context.register_udf(ToTimestampSecondsFunc::new_with_config(&plain).into());
    context.register_udf(ToTimestampMillisFunc::new_with_config(&plain).into());
    context.register_udf(ToTimestampMicrosFunc::new_with_config(&plain).into());
    context.register_udf(ToTimestampNanosFunc::new_with_config(&plain).into());
}
