//! How fast a core reads and decodes. Run it by name, in a release build, with a file of CSV:
//! `ADLAKE_SPEED_FILE=requests.csv cargo test --release -p sources speed -- --ignored --nocapture`.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::*;

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let path = std::env::var("ADLAKE_SPEED_FILE").unwrap();
    let rounds: usize = std::env::var("ADLAKE_SPEED_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    let Classified::Table { spec, .. } = TableRules::default().classify(&path) else { panic!("{path}") };
    let file = std::fs::read(&path).unwrap();
    let mut best = [Duration::MAX; 2];
    let mut rows = 0;
    let mut text = 0;
    let mut rejects = 0;
    for _ in 0..rounds {
        let layout = discover(Box::new(Cursor::new(file.clone())), &spec).unwrap().layout;
        let decoder = RowDecoder::new(&layout);
        let mut reader = open(&file, &spec).unwrap();
        let mut took = [Duration::ZERO; 2];
        (rows, text, rejects) = (0, 0, 0);
        loop {
            let start = cpu_time();
            let block = reader.next_block().unwrap();
            took[0] += cpu_time() - start;
            let Some(block) = block else { break };
            let start = cpu_time();
            let decoded = decoder.decode(&block).unwrap();
            took[1] += cpu_time() - start;
            rows += decoded.batch.num_rows();
            rejects += decoded.rejects.len();
            text += block.bytes.len();
        }
        best = [best[0].min(took[0]), best[1].min(took[1])];
    }
    let speed = |took: Duration| text as f64 / took.as_secs_f64() / 1e6;
    let _ = writeln!(
        std::io::stderr(),
        "{path}: {rows} rows, {rejects} rejects, {text} bytes; cutting {:.0} MB/s, decoding {:.0} MB/s",
        speed(best[0]),
        speed(best[1])
    );
}

/// Time this thread has run: on a busy machine the wall clock tells about its other users.
fn cpu_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let on_linux = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = on_linux.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
