//! See `dashtam_fuzz::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dashtam_fuzz::decode(bytes));
