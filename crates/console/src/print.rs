//! Printing that never panics: a reader that has seen enough ends the program quietly, a full disk ends it with a word, and
//! a terminal that is gone stops nothing.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::process;

/// Prints a line of results to stdout, like `println!`.
#[macro_export]
macro_rules! out {
    ($($text:tt)*) => { $crate::print_result(format_args!($($text)*)) };
}

/// Prints a line about the work to stderr, like `eprintln!`.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => { $crate::print_note(format_args!($($text)*)) };
}

/// What [`out!`] does.
pub fn print_result(text: Arguments<'_>) {
    if let Err(error) = writeln!(Stdout, "{text}") {
        print_note(format_args!("error: the results cannot be written: {error}"));
        process::exit(2);
    }
}

/// What [`note!`] does.
pub fn print_note(text: Arguments<'_>) {
    // Nobody is left to be told.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Standard output. Where its reader has closed it, the program ends, with success: there is no more to be done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().lock().write(bytes).or_else(closed)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::stdout().lock().write_all(bytes).or_else(closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush().or_else(closed)
    }
}

fn closed<T>(error: io::Error) -> io::Result<T> {
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    Err(error)
}
