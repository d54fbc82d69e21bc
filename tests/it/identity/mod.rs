//! Which rows are left after files that overlap, renumber, correct and repeat: through the real importer.

mod sequences;
