//! The files that are written.

use std::path::Path;

use super::options::Form;
use crate::synthetic::{GenerateError, Open, Step, TableFiles, clear};

/// What adlake.toml has to say of files in the form of [`Form::Uci`]; files in the other form need nothing.
pub const SETTINGS: &str = r#"[[source.table]]
pattern  = "transactions/*"
table    = "transactions"
encoding = "iso-8859-1"
"#;

const TABLE: &str = "transactions";
const TRUTH: &str = "truth/customers.csv";
const TRUTH_HEADER: &[u8] = b"customer_id,purchases_per_day,drop_probability,purchase_count,is_active,no_purchase_in_90_days\n";

/// Where the rows go.
pub(super) struct Files<'a> {
    out: &'a Path,
    header: &'static [u8],
    month: Option<(String, Open)>,
    pub(super) log: TableFiles,
    pub(super) truth_bytes: u64,
}

impl<'a> Files<'a> {
    /// Makes the folder ready and writes the truth.
    pub(super) fn new(out: &'a Path, form: Form, overwrite: bool, truth: &[String]) -> Result<Self, GenerateError> {
        clear(out, TABLE, TRUTH, is_month, overwrite)?;
        let mut file = Open::new(out.join(TRUTH))?;
        file.append(TRUTH_HEADER)?;
        let mut truth_bytes = TRUTH_HEADER.len();
        for lines in truth.chunks(4096) {
            let text = lines.concat();
            truth_bytes += text.len();
            file.append(text.as_bytes())?;
        }
        let header: &[u8] = match form {
            Form::Uci => b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n",
            Form::Iso => b"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n",
        };
        let log = TableFiles { table: TABLE, files: 0, rows: 0, bytes: 0 };
        Ok(Self { out, header, month: None, log, truth_bytes: truth_bytes as u64 })
    }

    /// Appends the rows of a month, which come in order.
    pub(super) fn write(&mut self, month: &str, rows: u64, bytes: &[u8]) -> Result<Step, GenerateError> {
        let mut written = bytes.len() as u64;
        let mut open = match self.month.take() {
            Some((known, open)) if known == month => open,
            _ => {
                let mut open = Open::new(self.out.join(format!("{TABLE}/{month}.csv")))?;
                open.append(self.header)?;
                written += self.header.len() as u64;
                self.log.files += 1;
                open
            }
        };
        open.append(bytes)?;
        self.month = Some((month.to_owned(), open));
        self.log.rows += rows;
        self.log.bytes += written;
        Ok(Step { made: 0, bytes: written })
    }
}

/// Whether a file is called as months are: `2010-12.csv`.
fn is_month(path: &Path) -> bool {
    let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".csv"));
    stem.and_then(|stem| stem.split_once('-')).is_some_and(|(year, month)| {
        year.len() == 4 && month.len() == 2 && year.bytes().chain(month.bytes()).all(|digit| digit.is_ascii_digit())
    })
}
