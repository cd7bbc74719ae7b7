//! Where the next unit of budget should go, and what is not known of it.
//!
//! [`advise`] compares two plans of constant daily spends for a budget over some days: the present mix, and the one that brings most on
//! average over all curves that the history leaves possible ([`crate::response::Response`]). A channel whose move the curves do not
//! agree about is held where it is, and the cheapest experiment that would tell is named. The recommended plan never scores below
//! the present mix.
//!
//! Outcomes of a plan are those of its days, with what spend before carries into them, and those after them for which its spend is
//! carried on.

mod allocate;
mod decide;
mod experiment;
mod marginal;
mod request;
mod sentence;
#[cfg(test)]
mod tests;

pub use decide::{Advice, ChannelAdvice, Plan, Verdict, advise};
pub use experiment::Experiment;
pub use request::{Bounds, Request};
