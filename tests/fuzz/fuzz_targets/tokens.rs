//! See `dashtam_fuzz::tokens`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dashtam_fuzz::tokens(bytes));
