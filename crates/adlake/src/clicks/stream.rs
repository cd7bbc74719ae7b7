//! Learning in one pass over rows that need not fit into memory.

use std::ops::Range;

use futures::StreamExt;
use futures::stream::BoxStream;
use lake::datafusion::arrow::array::RecordBatch;
use lake::{LakeError, Result};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::block_in_place;
use training::calibrate::Calibrator;
use training::hashed::{Fields, HashedRows};
use training::{Learned, Model, TrainingError};

use super::card::Counts;
use super::facts::audited;
use super::learner::{as_one_pass, one_pass};
use super::train::{CALIBRATION_SHARE, Origin, Outcome, Way, calibrator, is_sliced, measure};
use crate::models::{Gathered, OnLeak, Rows, Step, labels};

/// So many rows, the first ones, are audited, and say which features have few values.
const SAMPLE: usize = 200_000;
/// Batches that are read ahead of the learner.
const AHEAD: usize = 8;
/// In so many parts it is told how far it is.
const PARTS: usize = 100;

/// Learns all rows but the last ones, which it measures on. What was predicted of the last training rows before each was learned makes
/// probabilities true, so that no row is left unlearned.
pub(super) async fn learn(rows: &Rows, origin: Origin, on_leak: OnLeak, say: &(dyn Fn(Step<'_>) + Sync)) -> Result<Outcome> {
    say(Step::Begins("counting rows"));
    let parts = Parts::of(rows.count().await?, origin.settings.test_share)?;
    say(Step::Begins("looking for leaks"));
    let mut learned = super::learned(one_pass(&rows.features, &origin.settings))?;
    let fields = super::learned(as_one_pass(&mut learned))?.fields().clone();
    let mut pieces = read_ahead(rows.in_order().await?, fields, parts.test.start);
    let mut first = Vec::new();
    while first.iter().map(|piece: &Piece| piece.batch.num_rows()).sum::<usize>() < SAMPLE
        && let Some(piece) = pieces.recv().await
    {
        first.push(piece?);
    }
    let mut sample = Gathered::new(rows, &rows.features);
    first.iter().try_for_each(|piece| sample.take(&piece.batch))?;
    let sample = sample.finish()?;
    let audit = block_in_place(|| super::learned(audited(&sample, None, &rows.provenance, rows.time.is_some())))?;
    if on_leak == OnLeak::Fail && audit.leaks().next().is_some() {
        return Ok(Outcome::Refused(audit));
    }
    let sliced: Vec<_> = sample.frame().features().filter(|(_, column)| is_sliced(column)).map(|(name, _)| name.to_owned()).collect();
    let test = Gathered::new(rows, &sliced);
    let mut pass = Pass { learned, calibration: (Vec::new(), Vec::new()), predicted: Vec::new(), test };
    say(Step::Begins(&format!("learning from {} rows ({})", parts.test.start, origin.settings.learner)));
    let mut at = 0;
    let mut first = first.into_iter();
    while let Some(piece) = match first.next() {
        Some(piece) => Some(Ok(piece)),
        None => pieces.recv().await,
    } {
        let piece = piece?;
        let before = at;
        at += piece.batch.num_rows();
        block_in_place(|| pass.take(rows, &parts, before, &piece))?;
        let part = |row: usize| row * PARTS / parts.test.end;
        if part(before) < part(at) {
            say(Step::Done { done: part(at), of: PARTS, note: "" });
        }
    }
    if at != parts.test.end {
        return Err(LakeError::invalid(format!("{at} rows were read where {} were counted", parts.test.end)));
    }
    let Pass { learned, calibration: (probabilities, labels), mut predicted, test } = pass;
    block_in_place(|| {
        let calibrator =
            if origin.settings.calibrate { super::learned(calibrator(&probabilities, &labels))? } else { Calibrator::Identity };
        calibrator.apply_all(&predicted).clone_into(&mut predicted);
        let measured = super::learned(measure(&predicted, &test.finish()?))?;
        let counts = Counts { train: parts.test.start, calibration: labels.len(), test: predicted.len() };
        let way = Way { audit, losses: Vec::new(), search: None };
        Ok(origin.trained(Model { learned, calibrator }, sample.frame(), counts, way, measured))
    })
}

/// Where rows go, by their place.
struct Parts {
    /// Learned from, and predicted before for calibration.
    calibration: Range<usize>,
    /// Predicted alone.
    test: Range<usize>,
}

impl Parts {
    fn of(rows: usize, test_share: f64) -> Result<Self> {
        if !(test_share > 0.0 && test_share < 1.0) {
            let expected = "above 0 and below 1";
            return super::learned(Err(TrainingError::Setting { setting: "test_share", value: test_share.to_string(), expected }));
        }
        let test = ((1.0 - test_share) * rows as f64) as usize..rows;
        for (what, is_empty) in [("the training side of the split", test.start == 0), ("the test side of the split", test.is_empty())] {
            if is_empty {
                return super::learned(Err(TrainingError::NoRows { what }));
            }
        }
        Ok(Self { calibration: ((1.0 - CALIBRATION_SHARE) * test.start as f64) as usize..test.start, test })
    }
}

/// What a pass gathers.
struct Pass<'r> {
    learned: Learned,
    calibration: (Vec<f64>, Vec<bool>),
    /// Of the test rows.
    predicted: Vec<f64>,
    /// The test rows, of their features those that make slices.
    test: Gathered<'r>,
}

impl Pass<'_> {
    /// Takes a piece that begins at the place `at`.
    fn take(&mut self, rows: &Rows, parts: &Parts, at: usize, piece: &Piece) -> Result<()> {
        let learner = super::learned(as_one_pass(&mut self.learned))?;
        if at >= parts.test.start {
            self.predicted.extend(learner.predict_rows(&piece.hashed));
            return self.test.take(&piece.batch);
        }
        let labels = labels(rows, &piece.batch)?;
        let probabilities = super::learned(learner.learn_rows(&piece.hashed, &labels, None))?;
        let from = parts.calibration.start.saturating_sub(at).min(labels.len());
        self.calibration.0.extend(&probabilities[from..]);
        self.calibration.1.extend(&labels[from..]);
        Ok(())
    }
}

/// Rows that are all learned or all measured on.
struct Piece {
    batch: RecordBatch,
    hashed: HashedRows,
}

/// Reads and hashes while others learn. Pieces end where the test rows begin.
fn read_ahead(mut stream: BoxStream<'static, Result<RecordBatch>>, fields: Fields, test: usize) -> Receiver<Result<Piece>> {
    let (sender, receiver) = channel(AHEAD);
    let hashed = move |batch: RecordBatch| {
        let hashed = block_in_place(|| super::learned(fields.hash_batch(&batch)))?;
        Ok(Piece { batch, hashed })
    };
    tokio::spawn(async move {
        let mut at = 0;
        while let Some(batch) = stream.next().await {
            let pieces = match batch {
                Ok(batch) => {
                    let rows = batch.num_rows();
                    let learned = test.saturating_sub(at).min(rows);
                    at += rows;
                    [batch.slice(0, learned), batch.slice(learned, rows - learned)].map(&hashed).into()
                }
                Err(error) => vec![Err(error)],
            };
            for piece in pieces {
                // An error ends the stream; nobody listening any more does too.
                let is_last = piece.is_err();
                if piece.as_ref().is_ok_and(|piece| piece.batch.num_rows() == 0) {
                    continue;
                }
                if sender.send(piece).await.is_err() || is_last {
                    return;
                }
            }
        }
    });
    receiver
}
