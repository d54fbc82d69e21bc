//! See `dashtam_fuzz::reader`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dashtam_fuzz::reader(bytes));
