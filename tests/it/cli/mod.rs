//! The real binary: commands, output, exit codes, terminals and leaks.

mod commands;
mod connect_with_keys;
mod daily_backup;
mod demo;
mod doctor_and_restore;
mod duplicates;
mod encrypted_profile;
mod first_walks;
mod formats;
mod hostile;
mod journals;
mod json_shapes;
mod keys_of_the_other_environment;
mod killed;
mod kinds;
mod live_connections;
mod locked_screen;
mod no_secret_leaks;
mod plain;
mod process_hardening;
mod real_terminal;
mod scripts;
mod special_files;
mod tables;
mod time_machine;
mod two_programs;
