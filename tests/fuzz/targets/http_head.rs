//! The head of a request: any bytes. The file itself is built in here, since nobody outside the gate has use for it.
#![no_main]

mod gate;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| gate::read(bytes));
