//! Drawing all invoices, making their lines side by side and writing them in order.

use std::path::Path;

use super::customers::Customers;
use super::events::{Event, Events};
use super::files::Files;
use super::generated::Generated;
use super::invoices::{Shop, Written};
use super::options::CommerceOptions;
use super::products::Products;
use crate::synthetic::{GenerateError, Progress, Step, in_order};

const INVOICES_PER_PART: usize = 256;

/// Writes the log into the folder `out`, which is made if need be, on all threads of the current rayon pool. Some 40 bytes for every invoice
/// are held in memory, the lines are not. `progress` is told many times a second, in invoices.
///
/// # Errors
/// Options out of range, a folder `transactions` or a truth that is there already, unless overwriting is allowed, and whatever the file
/// system refuses. Files written until then stay.
pub fn generate(options: &CommerceOptions, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Generated, GenerateError> {
    options.check()?;
    let customers = Customers::new(options.seed);
    let Events { events, truth, best_auc, churn } = Events::draw(options, &customers);
    let shop = Shop { options, customers, products: Products::new(options.seed) };
    let mut files = Files::new(out, options.form, options.overwrite, &truth)?;
    let mut so_far = Progress { done: 0, total: events.len() as u64, bytes: 0 };
    let mut tell = |step: Step| {
        so_far.done += step.made;
        so_far.bytes += step.bytes;
        progress(so_far);
    };
    tell(Step::default());
    let month_of = |event: &Event| shop.day(event.minute).format("%Y-%m").to_string();
    // A part lies within a month.
    let months = events.chunk_by(|a, b| month_of(a) == month_of(b));
    let mut first = 0;
    let parts = months.flat_map(|month| month.chunks(INVOICES_PER_PART)).map(|part| {
        first += part.len() as u64;
        (first - part.len() as u64, part)
    });
    let make = |(first, part): &(u64, &[Event])| {
        let mut written = Written::default();
        part.iter().zip(*first..).for_each(|(event, place)| shop.write(place, *event, &mut written));
        let month = part.first().map(month_of).unwrap_or_default();
        (month, part.len() as u64, written)
    };
    let mut generated = Generated::default();
    let write = |(month, invoices, part): (String, u64, Written)| {
        generated.add(&part);
        let step = files.write(&month, part.rows, &part.bytes)?;
        Ok(Step { made: invoices, ..step })
    };
    in_order(parts, make, write, &mut tell)?;
    generated.bytes = files.log.bytes + files.truth_bytes;
    Ok(Generated { log: Some(files.log), invoices: events.len() as u64, churn, best_auc, ..generated })
}
