//! Tables that are up to date with every event, between the runs that write them.

mod columns;
mod customer_rfm;

pub use customer_rfm::LiveCustomerRfm;
