//! Files whose columns have other types than the table: a value is taken where nothing is lost, else its row is kept aside, or
//! its file is told.

use std::sync::Arc;

use bronze::ReplayOptions;
use lake::Running;
use lake::datafusion::arrow::array::*;
use lake::datafusion::arrow::datatypes::{DataType, Field, TimeUnit, i256};
use lake::parquet::arrow::ArrowWriter;
use spec::TableName;

use crate::lakes::{SourcedLake, block_on, rows};

/// A Parquet file of some columns.
fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

async fn kept_aside(place: &SourcedLake) -> Vec<String> {
    rows(&place.lake, "select source, line, reason from ops.quarantine where table_name = 'bronze.orders' order by source, line").await
}

#[test]
fn values_that_would_change_are_kept_aside_and_the_others_taken() {
    block_on(async {
        let place = SourcedLake::new();
        let ids = |ids: &[i64]| -> ArrayRef { Arc::new(Int64Array::from(ids.to_vec())) };
        place.put(
            "orders-1.parquet",
            parquet(vec![("id", ids(&[1])), ("price", ids(&[5])), ("paid", Arc::new(BooleanArray::from(vec![true])))]),
        );
        place.run().await;
        let prices: ArrayRef = Arc::new(Float64Array::from(vec![7.0, 0.0521]));
        place.put("orders-2.parquet", parquet(vec![("id", ids(&[2, 3])), ("price", prices), ("paid", ids(&[1, 5]))]));
        place.put("orders-3.csv", "id,price,paid\n4,,true\n5,ten,true\n,9,\n");
        place.put("clicks.csv", "id_md5,click_id\nm1,c1\n");
        place.run().await;
        let stand = rows(&place.lake, "select id, price, paid, _source from bronze.orders order by _source, _line").await;
        assert_eq!(stand, ["1|5|true|orders-1.parquet", "2|7|true|orders-2.parquet", "4|∅|true|orders-3.csv", "∅|9|∅|orders-3.csv"]);
        assert_eq!(
            kept_aside(&place).await,
            [
                "orders-2.parquet|2|price: 0.0521 of type double does not fit bigint without loss; paid: 5 of type bigint does not fit boolean without loss",
                "orders-3.csv|3|price: cannot read 'ten' as bigint without loss"
            ]
        );
        let raw = rows(&place.lake, "select raw from ops.quarantine where table_name = 'bronze.orders' order by source").await;
        assert_eq!(raw, ["{\"id\":3,\"price\":0.0521,\"paid\":5}", "5,ten,true"]);
        assert_eq!(rows(&place.lake, "select count(*) from silver.clicks").await, ["1"], "the other tables go on");
    });
}

#[test]
fn a_column_that_cannot_be_taken_costs_its_file_alone() {
    block_on(async {
        let place = SourcedLake::new();
        let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_700_000_000_000_000]));
        let item = Arc::new(Field::new("n", DataType::Int64, true));
        let object: ArrayRef = Arc::new(StructArray::from(vec![(Arc::clone(&item), Arc::new(Int64Array::from(vec![1])) as ArrayRef)]));
        place.put("orders-1.parquet", parquet(vec![("at", Arc::clone(&at)), ("of", object)]));
        place.run().await;
        let more = vec![
            (Arc::clone(&item), Arc::new(Int64Array::from(vec![1])) as ArrayRef),
            (Arc::new(Field::new("m", DataType::Int64, true)), Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ];
        place.put("orders-2.parquet", parquet(vec![("at", Arc::new(Int64Array::from(vec![1_700_000_000])))]));
        place.put("orders-3.parquet", parquet(vec![("of", Arc::new(StructArray::from(more)))]));
        place.put("orders-4.parquet", parquet(vec![("at", at)]));
        place.put("times.parquet", parquet(vec![("t", Arc::new(Time64MicrosecondArray::from(vec![1])))]));
        let wide = Decimal256Array::from(vec![Some(i256::ONE)]).with_precision_and_scale(50, 2).unwrap();
        place.put("wide.parquet", parquet(vec![("d", Arc::new(wide))]));
        place.put("clicks.csv", "id_md5,click_id\nm1,c1\n");
        let done = place.run().await;
        let skipped: Vec<&str> = done.skipped.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(skipped, ["orders-2.parquet", "orders-3.parquet", "times.parquet", "wide.parquet"], "{:?}", done.skipped);
        assert!(done.skipped[0].reason.contains("column at of type bigint cannot become timestamp"), "{}", done.skipped[0].reason);
        assert!(done.skipped[2].reason.contains("cannot be kept in a Delta table"), "{}", done.skipped[2].reason);
        assert_eq!(rows(&place.lake, "select count(*) from bronze.orders").await, ["2"]);
        assert_eq!(rows(&place.lake, "select count(*) from silver.clicks").await, ["1"], "the other tables go on");
    });
}

#[test]
fn bytes_that_are_no_text_and_numbers_beyond_bigint_are_kept_aside() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("orders-1.csv", "name\nann\n");
        place.run().await;
        let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![b"bob".as_slice(), b"\xff".as_slice(), b"eve".as_slice()]));
        let counts: ArrayRef = Arc::new(UInt64Array::from(vec![7, 8, u64::MAX]));
        place.put("orders-2.parquet", parquet(vec![("name", bytes), ("count", counts)]));
        place.run().await;
        assert_eq!(rows(&place.lake, "select name, count from bronze.orders order by name").await, ["ann|∅", "bob|7"]);
        assert_eq!(
            kept_aside(&place).await,
            [
                "orders-2.parquet|2|name: holds bytes that are not UTF-8",
                "orders-2.parquet|3|count: 18446744073709551615 of type uint64 does not fit bigint without loss"
            ]
        );
    });
}

#[test]
fn names_are_the_same_whatever_their_case() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("clicks-1.csv", "ID_md5,Click_ID\nm1,c1\n");
        place.put("clicks-2.csv", "id_md5,CLICK_ID\nm2,c2\n");
        place.put("orders-1.csv", "ID\n1\n");
        place.run().await;
        place.put("clicks-3.csv", "ID_MD5,click_Id,Screen\nm3,c3,top\n");
        place.put("clicks-4.csv", "id_md5,screen\nm4,low\n");
        place.put("orders-2.csv", "id,Id\n2,twice\n");
        place.run().await;
        let stand = rows(&place.lake, "select id_md5, click_id, \"Screen\" from bronze.clicks order by id_md5").await;
        assert_eq!(stand, ["m1|c1|∅", "m2|c2|∅", "m3|c3|top", "m4|∅|low"]);
        assert_eq!(rows(&place.lake, "select \"ID\", \"Id_2\" from bronze.orders order by 1").await, ["1|∅", "2|twice"]);
    });
}

#[test]
fn a_touched_parquet_file_is_the_same_file() {
    block_on(async {
        let place = SourcedLake::new();
        place.put("orders.parquet", parquet(vec![("id", Arc::new(Int64Array::from(vec![1])))]));
        place.run().await;
        let file = std::fs::File::options().append(true).open(place.path("orders.parquet")).unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
        let done = place.run().await;
        assert!(!done.report.changed() && done.skipped.is_empty(), "{:?}", done.skipped);
        let looks = async || place.lake.table(&"bronze.orders".parse().unwrap()).await.unwrap().unwrap().transactions().await.unwrap();
        let before = looks().await;
        place.put("orders-2.csv", "id\n");
        place.run().await;
        assert_ne!(looks().await["file-stamp:orders.parquet"], before["file-stamp:orders.parquet"], "how it looks now is remembered");
        place.put("orders.parquet", parquet(vec![("id", Arc::new(Int64Array::from(vec![2])))]));
        place.run().await;
        assert_eq!(
            rows(&place.lake, "select id, _source from bronze.orders order by id").await,
            ["1|orders.parquet", "2|orders.parquet#000002"]
        );
    });
}

#[test]
fn instants_in_nanoseconds_are_kept_to_the_microsecond_and_that_is_told() {
    block_on(async {
        let place = SourcedLake::new();
        let at = TimestampNanosecondArray::from(vec![1_700_000_000_000_001_999]);
        assert_eq!(at.data_type(), &DataType::Timestamp(TimeUnit::Nanosecond, None));
        place.put("orders.parquet", parquet(vec![("at", Arc::new(at))]));
        let done = place.run().await;
        assert_eq!(rows(&place.lake, "select at from bronze.orders").await, ["2023-11-14T22:13:20.000001Z"]);
        assert!(
            done.report.tables[0].notes.iter().any(|note| note.contains("kept to the microsecond")),
            "{:?}",
            done.report.tables[0].notes
        );
    });
}

#[test]
fn a_row_kept_aside_is_replayed_once_its_values_fit() {
    block_on(async {
        let place = SourcedLake::new();
        let price = Decimal128Array::from(vec![126]).with_precision_and_scale(10, 2).unwrap();
        place.put("orders-1.parquet", parquet(vec![("id", Arc::new(Int64Array::from(vec![1]))), ("price", Arc::new(price))]));
        place.run().await;
        place.put("orders-2.csv", "id,price\n2,1.2599\n3,free\n4,\n");
        place.run().await;
        let table: TableName = "bronze.orders".parse().unwrap();
        let mended = "source,line,raw\norders-2.csv,2,\"2,1.25\"\norders-2.csv,3,\"3,0.001\"\n";
        let mut running = Running::begin(&place.lake, lake::now());
        let done = bronze::replay(&mut running, &table, mended.into(), &ReplayOptions::default()).await.unwrap();
        let refused: Vec<&str> = done.refused.iter().map(|row| row.reason.as_str()).collect();
        assert_eq!(refused, ["is still broken: price: cannot read '0.001' as decimal(10, 2) without loss"]);
        assert_eq!(rows(&place.lake, "select id, price from bronze.orders order by id").await, ["1|1.26", "2|1.25", "4|∅"]);
    });
}

#[test]
fn columns_of_every_kind_land_and_land_again() {
    block_on(async {
        let place = SourcedLake::new();
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        map.keys().append_value("k");
        map.values().append_value(7);
        map.append(true).unwrap();
        let mut list = LargeListBuilder::new(StringViewBuilder::new());
        list.append_value([Some("a"), None]);
        let n: ArrayRef = Arc::new(UInt8Array::from(vec![1]));
        let object = StructArray::from(vec![(Arc::new(Field::new("N", DataType::UInt8, false)), n)]);
        let kinds: DictionaryArray<lake::datafusion::arrow::datatypes::Int32Type> = ["x"].into_iter().collect();
        let file = parquet(vec![
            ("map", Arc::new(map.finish())),
            ("list", Arc::new(list.finish())),
            ("object", Arc::new(object)),
            ("kind", Arc::new(kinds)),
            ("uuid", Arc::new(FixedSizeBinaryArray::try_from_iter([b"ab"].into_iter()).unwrap())),
            ("bytes", Arc::new(LargeBinaryArray::from(vec![b"cd".as_slice()]))),
            ("day", Arc::new(Date64Array::from(vec![86_400_000]))),
            ("small", Arc::new(UInt16Array::from(vec![9]))),
            ("nothing", Arc::new(NullArray::new(1))),
            ("price", Arc::new(Decimal128Array::from(vec![126]).with_precision_and_scale(10, 2).unwrap())),
        ]);
        place.put("orders-1.parquet", &file);
        place.run().await;
        place.put("orders-2.parquet", &file);
        let done = place.run().await;
        assert!(done.skipped.is_empty(), "{:?}", done.skipped);
        assert_eq!(place.lake.table(&"ops.quarantine".parse().unwrap()).await.unwrap().map(|t| t.rows()), None);
        let query = "select map, list, object, kind, uuid, bytes, day, small, nothing, price from bronze.orders";
        let row = "{k: 7}|[a, ∅]|{N: 1}|x|6162|6364|1970-01-02|9|∅|1.26";
        assert_eq!(rows(&place.lake, query).await, [row, row]);
    });
}
