"""What the benchmarks share: running a command and measuring it, checking that engines agree, writing results down."""
