//! A zip archive without compression, as some banks hand out several statements at once.

use super::DemoFile;

/// The archive of some files.
pub(super) fn zip(name: &str, files: &[DemoFile]) -> DemoFile {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let offset = number(bytes.len());
        let crc = checksum(&file.bytes).to_le_bytes();
        let size = number(file.bytes.len());
        let length = u16::try_from(file.name.len()).unwrap_or(u16::MAX).to_le_bytes();
        // Version 2.0, no flags, stored, the first of January 2026.
        let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5c][..], &crc, &size, &size, &length, &[0, 0]].concat();
        bytes.extend([&b"PK\x03\x04"[..], &common, file.name.as_bytes(), &file.bytes].concat());
        directory.extend([&b"PK\x01\x02\x14\x00"[..], &common, &[0; 10], &offset, file.name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let (start, size) = (number(bytes.len()), number(directory.len()));
    bytes.extend(directory);
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size, &start, &[0, 0]].concat());
    DemoFile { name: name.to_owned(), bytes }
}

fn number(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// CRC-32 as zip archives use it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }
}
