//! Customers in SQL: the segment that scores tell, and what customers are worth (crate `segments`).
//!
//! A fit is a function of all rows at once, gathered by `array_agg(named_struct(…))`. It gives a structure of parameters, which the
//! functions of single rows take. Where the rows do not tell the parameters, these are null, and `note` says why: a shop with three
//! customers is no error.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray, StringBuilder, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result as QueryResult;
use segments::SegmentsError;
use segments::rfm::{Scores, SegmentRules};
use segments::value::{BgNbd, FitSettings, Fitted, GammaGamma, Histories, Horizon, customer_values};

use super::computed::{Arguments, Computed};

const BG_NBD: [&str; 4] = ["r", "alpha", "a", "b"];
const GAMMA_GAMMA: [&str; 3] = ["p", "q", "v"];

/// All of them.
pub(super) fn all() -> Vec<Computed> {
    let number = || DataType::Float64;
    vec![
        Computed::new("rfm_segment", &["recency score", "frequency score", "monetary score", "rules"], DataType::Utf8, rfm_segment),
        Computed::new("bg_nbd_fit", &["rows of frequency, recency, age", "penalty"], fit_type(&BG_NBD), bg_nbd_fit),
        Computed::new("bg_nbd_alive", &["fit", "frequency", "recency", "age"], number(), bg_nbd_alive),
        Computed::new("bg_nbd_purchases", &["fit", "frequency", "recency", "age", "horizon"], number(), bg_nbd_purchases),
        Computed::new("gamma_gamma_fit", &["rows of frequency, order_value", "penalty"], fit_type(&GAMMA_GAMMA), gamma_gamma_fit),
        Computed::new("gamma_gamma_order_value", &["fit", "frequency", "order value"], number(), gamma_gamma_order_value),
        Computed::new(
            "customer_value",
            &["BG/NBD fit", "Gamma-Gamma fit", "frequency", "recency", "age", "order value", "periods", "period", "discount rate"],
            number(),
            customer_value,
        ),
    ]
}

/// `rfm_segment(recency score, frequency score, monetary score, rules)`: the first rule that fits scores of 1 to 5.
fn rfm_segment(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let scores = [arguments.numbers(0)?, arguments.numbers(1)?, arguments.numbers(2)?];
    let rules = arguments.texts(3)?;
    let rules = rules.as_string::<i32>();
    let mut known: Option<(&str, SegmentRules)> = None;
    let mut segments = StringBuilder::new();
    for row in 0..arguments.rows {
        if rules.is_null(row) || scores.iter().any(|score| score.is_null(row)) {
            segments.append_null();
            continue;
        }
        let text = rules.value(row);
        if known.as_ref().is_none_or(|(other, _)| *other != text) {
            known = Some((text, SegmentRules::parse(text).map_err(|error| arguments.error(error))?));
        }
        let score = |place: usize| scores[place].value(row).clamp(1.0, 5.0) as u8;
        let scores = Scores { recency: score(0), frequency: score(1), monetary: score(2) };
        segments.append_option(known.as_ref().map(|(_, rules)| rules.segment(scores)));
    }
    Ok(Arc::new(segments.finish()))
}

/// The structure that a fit gives: its parameters and how well they are known.
fn fit_type(parameters: &[&str]) -> DataType {
    DataType::Struct(fit_fields(parameters))
}

fn fit_fields(parameters: &[&str]) -> Fields {
    let numbers = parameters.iter().flat_map(|name| [(*name).to_owned(), format!("{name}_error")]);
    let numbers = numbers.chain(["log_likelihood".to_owned(), "customer_count".to_owned()]);
    let numbers = numbers.map(|name| Field::new(name, DataType::Float64, true));
    numbers.chain([Field::new("note", DataType::Utf8, true)]).collect()
}

/// One row of such a structure per row of gathered ones.
fn fits<M>(
    arguments: &Arguments,
    names: &[&str],
    fit: impl Fn(&StructArray) -> QueryResult<Result<Fitted<M>, SegmentsError>>,
    parameters: impl Fn(&M) -> Vec<f64>,
) -> QueryResult<ArrayRef> {
    let mut columns: Vec<Vec<Option<f64>>> = vec![Vec::new(); 2 * names.len() + 2];
    let mut notes = Vec::new();
    for row in 0..arguments.rows {
        let found = match arguments.gathered(0, row)? {
            Some(rows) => fit(&rows)?.map_err(|error| error.to_string()),
            None => Err("there are no customers".to_owned()),
        };
        let mut values = vec![None; columns.len()];
        match found {
            Ok(found) => {
                for (place, value) in parameters(&found.model).into_iter().enumerate() {
                    values[2 * place] = Some(value);
                    values[2 * place + 1] = found.standard_errors.as_ref().and_then(|errors| errors.get(place).copied());
                }
                values[2 * names.len()] = Some(found.log_likelihood);
                values[2 * names.len() + 1] = Some(found.customers);
                notes.push(None);
            }
            Err(why) => notes.push(Some(why)),
        }
        columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let numbers = columns.into_iter().map(|column| Arc::new(Float64Array::from(column)) as ArrayRef);
    let notes: ArrayRef = Arc::new(StringArray::from(notes));
    Ok(Arc::new(StructArray::try_new(fit_fields(names), numbers.chain([notes]).collect(), None)?))
}

/// `bg_nbd_fit(rows, penalty)`: the parameters of BG/NBD for rows with `frequency` (repeat purchases), `recency` and `age` (of the last
/// purchase and of now, from the first purchase on).
fn bg_nbd_fit(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let settings = FitSettings { penalty: arguments.constant(1)? };
    let fit = |rows: &StructArray| {
        let histories =
            histories(arguments, &arguments.field(rows, "frequency")?, &arguments.field(rows, "recency")?, &arguments.field(rows, "age")?)?;
        Ok(BgNbd::fit(&histories, &settings))
    };
    fits(arguments, &BG_NBD, fit, |model| model.parameters().to_vec())
}

/// `gamma_gamma_fit(rows, penalty)`: the parameters of Gamma-Gamma for rows with `frequency` and `order_value` (the mean of repeat purchases);
/// rows without a repeat purchase or with nothing spent are left out.
fn gamma_gamma_fit(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let settings = FitSettings { penalty: arguments.constant(1)? };
    let fit = |rows: &StructArray| {
        let (frequency, value) = (arguments.field(rows, "frequency")?, arguments.field(rows, "order_value")?);
        let spending: Vec<_> = frequency.iter().zip(&value).filter(|(frequency, value)| **frequency > 0.0 && **value > 0.0).collect();
        let frequency: Vec<f64> = spending.iter().map(|(frequency, _)| **frequency).collect();
        let values: Vec<f64> = spending.iter().map(|(_, value)| **value).collect();
        let histories = counted(arguments, &frequency)?;
        Ok(GammaGamma::fit(&histories, &values, &settings))
    };
    fits(arguments, &GAMMA_GAMMA, fit, |model| model.parameters().to_vec())
}

/// `bg_nbd_alive(fit, frequency, recency, age)`: the probability that a customer has not left.
fn bg_nbd_alive(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let columns = Columns::read(arguments, &[1, 2, 3])?;
    columns.each_fit(arguments, &[(0, &BG_NBD)], |fit, columns| {
        let histories = histories(arguments, &columns[0], &columns[1], &columns[2])?;
        Ok(bg_nbd(arguments, fit)?.probability_alive(&histories))
    })
}

/// `bg_nbd_purchases(fit, frequency, recency, age, horizon)`: expected purchases within the horizon, in the unit of the ages.
fn bg_nbd_purchases(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let columns = Columns::read(arguments, &[1, 2, 3])?;
    let horizon = arguments.constant(4)?;
    columns.each_fit(arguments, &[(0, &BG_NBD)], |fit, columns| {
        let histories = histories(arguments, &columns[0], &columns[1], &columns[2])?;
        bg_nbd(arguments, fit)?.expected_purchases(&histories, horizon).map_err(|error| arguments.error(error))
    })
}

/// `gamma_gamma_order_value(fit, frequency, order value)`: the expected value of an order; null where it has no finite mean.
fn gamma_gamma_order_value(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let columns = Columns::read(arguments, &[1, 2])?.with_finite_mean(arguments, 0)?;
    columns.each_fit(arguments, &[(0, &GAMMA_GAMMA)], |fit, columns| {
        let histories = counted(arguments, &columns[0])?;
        gamma_gamma(arguments, fit)?.expected_order_values(&histories, &columns[1]).map_err(|error| arguments.error(error))
    })
}

/// `customer_value(BG/NBD fit, Gamma-Gamma fit, frequency, recency, age, order value, periods, period, discount rate)`: what a customer is
/// expected to spend in so many periods of this length, each later one worth less; null where an order's value has no finite mean.
fn customer_value(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let columns = Columns::read(arguments, &[2, 3, 4, 5])?.with_finite_mean(arguments, 1)?;
    let horizon = Horizon { periods: arguments.constant(6)? as u32, period: arguments.constant(7)?, discount_rate: arguments.constant(8)? };
    columns.each_fit(arguments, &[(0, &BG_NBD), (1, &GAMMA_GAMMA)], |fit, columns| {
        let histories = histories(arguments, &columns[0], &columns[1], &columns[2])?;
        let (purchases, spending) = (bg_nbd(arguments, fit)?, gamma_gamma(arguments, &fit[BG_NBD.len()..])?);
        customer_values(&purchases, &spending, &histories, &columns[3], &horizon).map_err(|error| arguments.error(error))
    })
}

/// Columns of numbers, all of one length.
struct Columns(Vec<Float64Array>);

impl Columns {
    fn read(arguments: &Arguments, places: &[usize]) -> QueryResult<Self> {
        places.iter().map(|place| arguments.numbers(*place)).collect::<QueryResult<_>>().map(Self)
    }

    /// Without the rows whose order value has no finite mean, p x + q ≤ 1, such as those without a repeat purchase where q ≤ 1; the first
    /// column is the frequency x, and the fit stands at `place`.
    fn with_finite_mean(mut self, arguments: &Arguments, place: usize) -> QueryResult<Self> {
        let fit = arguments.structures(place)?;
        let parameter =
            |name| fit.column_by_name(name).map_or_else(|| Err(arguments.error(format!("the fit has no {name}"))), |p| arguments.cast(p));
        let (p, q) = (parameter("p")?, parameter("q")?);
        let frequency = &self.0[0];
        let is_finite = |row: usize| p.value(row) * frequency.value(row) + q.value(row) > 1.0;
        let kept = (0..arguments.rows).map(|row| (frequency.is_valid(row) && is_finite(row)).then(|| frequency.value(row))).collect();
        self.0[0] = kept;
        Ok(self)
    }

    /// What `compute` makes of the rows that have the same fit, which is nearly always all of them. Null where the fit or a number is.
    fn each_fit(
        &self,
        arguments: &Arguments,
        fits: &[(usize, &[&str])],
        compute: impl Fn(&[f64], &[Vec<f64>]) -> QueryResult<Vec<f64>>,
    ) -> QueryResult<ArrayRef> {
        let mut parameters = Vec::new();
        for (place, names) in fits {
            let fit = arguments.structures(*place)?;
            for name in *names {
                let column = fit.column_by_name(name).ok_or_else(|| arguments.error(format!("the fit has no {name}")))?;
                parameters.push(arguments.cast(column)?);
            }
        }
        let is_whole = |row: usize| self.0.iter().chain(&parameters).all(|column| column.is_valid(row));
        let rows: Vec<usize> = (0..arguments.rows).filter(|row| is_whole(*row)).collect();
        let fit_of = |row: usize| -> Vec<f64> { parameters.iter().map(|column| column.value(row)).collect() };
        let mut results = vec![None; arguments.rows];
        for rows in rows.chunk_by(|a, b| fit_of(*a) == fit_of(*b)) {
            let columns: Vec<Vec<f64>> = self.0.iter().map(|column| rows.iter().map(|row| column.value(*row)).collect()).collect();
            let values = compute(&fit_of(rows[0]), &columns)?;
            rows.iter().zip(values).for_each(|(row, value)| results[*row] = Some(value));
        }
        Ok(Arc::new(Float64Array::from(results)))
    }
}

fn bg_nbd(arguments: &Arguments, fit: &[f64]) -> QueryResult<BgNbd> {
    BgNbd::new(fit[0], fit[1], fit[2], fit[3]).map_err(|error| arguments.error(error))
}

fn gamma_gamma(arguments: &Arguments, fit: &[f64]) -> QueryResult<GammaGamma> {
    GammaGamma::new(fit[0], fit[1], fit[2]).map_err(|error| arguments.error(error))
}

fn histories(arguments: &Arguments, frequency: &[f64], recency: &[f64], age: &[f64]) -> QueryResult<Histories> {
    Histories::new(&arguments.whole(frequency, "frequency")?, recency, age).map_err(|error| arguments.error(error))
}

/// Histories of which only the frequency tells.
fn counted(arguments: &Arguments, frequency: &[f64]) -> QueryResult<Histories> {
    histories(arguments, frequency, &vec![0.0; frequency.len()], &vec![0.0; frequency.len()])
}
