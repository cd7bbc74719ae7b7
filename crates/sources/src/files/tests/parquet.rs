//! Parquet.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{ArrayRef, Int32Array, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use bytes::Bytes;

use super::*;

fn written(rows: i32) -> Bytes {
    let ids: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows));
    let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|id| format!("n{id}"))));
    let batch = RecordBatch::try_from_iter([("id", ids), ("_line", names)]).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file.into()
}

#[test]
fn types_are_kept_and_rows_numbered() {
    let rows = ParquetRows::open(written(10), 4).unwrap();
    let names: Vec<&str> = rows.schema().fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["id", "_line_2", "_line"]);
    assert_eq!(rows.schema().field(0).data_type(), &DataType::Int32);
    assert_eq!(rows.warnings(), ["column 2 \"_line\" is named \"_line_2\": the name is reserved"]);
    let batches: Vec<RecordBatch> = rows.map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [4, 4, 2]);
    let last = &batches[2];
    assert_eq!(last.column(0).as_primitive::<Int32Type>().values(), &[8, 9]);
    assert_eq!(last.column(2).as_primitive::<Int64Type>().values(), &[9, 10]);
}

#[test]
fn a_file_without_rows_has_a_schema() {
    let mut rows = ParquetRows::open(written(0), 4).unwrap();
    assert_eq!(rows.schema().fields().len(), 3);
    assert!(rows.next().is_none());
}

#[test]
fn what_is_no_parquet_is_told() {
    let whole = written(10);
    let open = |bytes: &[u8]| ParquetRows::open(Bytes::copy_from_slice(bytes), 4).err().unwrap();
    assert!(matches!(open(b""), FileError::Empty));
    assert!(matches!(open(b"id,name\n1,x\n"), FileError::Corrupt { .. }));
    for length in [1, 4, 8, 20, whole.len() - 1] {
        let error = open(&whole[..length]);
        assert!(matches!(error, FileError::Truncated { .. }), "{length}: {error}");
    }
    let mut damaged = whole.to_vec();
    let footer = damaged.len() - 20;
    damaged[footer..footer + 8].fill(0xFF);
    assert!(matches!(open(&damaged), FileError::Corrupt { .. }));
    let error = BlockReader::open(Box::new(Cursor::new(whole.to_vec())), &FileSpec::new(Format::Parquet));
    assert!(matches!(error.err().unwrap(), FileError::WrongReader { .. }));
}
