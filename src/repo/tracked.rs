//! Which files git tracks, from its index.
//!
//! Source: git's own documentation of the format (gitformat-index), versions 2 to 4.

use std::collections::BTreeSet;

use super::{RelPath, Repo, Storage, walk};

/// An index of a repository with half a million files has about this size.
const MOST_BYTES: u64 = 128 << 20;

impl Repo {
    /// True only when it is proven: the root has git's index, and that lists the file. A checkout
    /// whose index stands elsewhere (a submodule, a further work tree) proves nothing.
    pub fn is_tracked(&self, path: &RelPath) -> bool {
        let tracked = self.tracked.get_or_init(|| match &self.storage {
            Storage::Disk { root, .. } => walk::git_index(root, MOST_BYTES)
                .and_then(|bytes| read(&bytes))
                .unwrap_or_default(),
            Storage::Memory(_) => BTreeSet::new(),
        });
        tracked.contains(path.as_str())
    }
}

/// Lengths of the names of objects: of SHA-1 and of SHA-256. The index does not say which.
const HASHES: [usize; 2] = [20, 32];

/// The paths of an index; `None` when it is none that is known.
fn read(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(4)? != b"DIRC" {
        return None;
    }
    let version = reader.number()?;
    let count = reader.number()?;
    if !(2..=4).contains(&version) {
        return None;
    }
    HASHES
        .iter()
        .find_map(|hash| entries(bytes, version, count, *hash))
}

fn entries(bytes: &[u8], version: u32, count: u32, hash: usize) -> Option<BTreeSet<String>> {
    const HEADER: usize = 12;
    const STAT: usize = 40;
    const EXTENDED: u16 = 0x4000;
    const INTENT_TO_ADD: u16 = 0x2000;
    const LENGTH: u16 = 0x0fff;
    let mut reader = Reader { bytes, at: HEADER };
    let mut paths = BTreeSet::new();
    let mut last: Vec<u8> = Vec::new();
    for _ in 0..count {
        let start = reader.at;
        reader.take(STAT + hash)?;
        let flags = reader.short()?;
        let extended = if flags & EXTENDED != 0 && version >= 3 {
            reader.short()?
        } else {
            0
        };
        let path = if version == 4 {
            let dropped = reader.variable()?;
            let mut path = last.get(..last.len().checked_sub(dropped)?)?.to_vec();
            path.extend(reader.until_nul()?);
            path
        } else {
            let path = reader.until_nul()?.to_vec();
            // Entries are padded to eight bytes, the NUL behind the path counted.
            let length = (reader.at - start).next_multiple_of(8);
            reader.at = start + length;
            path
        };
        // Else the length of the hashes is another.
        let length = path.len().min(usize::from(LENGTH));
        if path.is_empty() || path < last || usize::from(flags & LENGTH) != length {
            return None;
        }
        if extended & INTENT_TO_ADD == 0
            && let Ok(path) = String::from_utf8(path.clone())
        {
            paths.insert(path);
        }
        last = path;
    }
    Some(paths)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// A number in groups of seven bits, each further one counted on by one.
    fn variable(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        let mut first = true;
        loop {
            let byte = *self.take(1)?.first()?;
            value = value.checked_add(usize::from(!first))?.checked_mul(128)?;
            value = value.checked_add(usize::from(byte & 0x7f))?;
            first = false;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    /// What stands before the next NUL, which is passed.
    fn until_nul(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest.iter().position(|byte| *byte == 0)?;
        self.at += length + 1;
        rest.get(..length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u32, hash: usize, entries: &[(&[u8], &str)]) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
        for (flags, path) in entries {
            let start = bytes.len();
            bytes.extend(vec![7; 40 + hash]);
            bytes.extend(*flags);
            bytes.extend(path.as_bytes());
            bytes.push(0);
            while version < 4 && !(bytes.len() - start).is_multiple_of(8) {
                bytes.push(0);
            }
        }
        bytes.extend(vec![9; hash]);
        bytes
    }

    #[test]
    fn paths_are_read_in_every_version() {
        let plain: &[(&[u8], &str)] = &[(&[0, 1], "a"), (&[0, 3], "b/c")];
        for hash in HASHES {
            let paths = read(&index(2, hash, plain)).unwrap();
            assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["a", "b/c"]);
        }
        // Only announced, not added.
        let announced: &[(&[u8], &str)] = &[(&[0x40, 1, 0x20, 0], "a"), (&[0, 1], "b")];
        let paths = read(&index(3, 20, announced)).unwrap();
        assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["b"]);
        // The first byte behind the flags is how much of the path before is dropped.
        let shared: &[(&[u8], &str)] = &[(&[0, 5, 0], "dir/a"), (&[0, 5, 1], "b")];
        let paths = read(&index(4, 20, shared)).unwrap();
        assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["dir/a", "dir/b"]);
    }

    #[test]
    fn what_is_no_index_proves_nothing() {
        let whole = index(2, 20, &[(&[0, 1], "a"), (&[0, 1], "b")]);
        for end in 0..whole.len() - 20 {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
        assert_eq!(read(&index(5, 20, &[])), None);
    }
}
