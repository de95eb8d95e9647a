//! Cuts a stream into lines with bounded memory.

/// The line that has not ended yet.
pub struct Lines {
    partial: Vec<u8>,
    partial_bytes: usize,
    keep: usize,
}

impl Lines {
    /// Keeps at most `keep` bytes of each line.
    #[must_use]
    pub fn new(keep: usize) -> Self {
        Self {
            partial: Vec::new(),
            partial_bytes: 0,
            keep,
        }
    }

    /// Takes what was read; calls `each` with each line that ended, without its end, cut to the
    /// bytes that are kept, and with its whole length in bytes.
    pub fn feed(&mut self, mut chunk: &[u8], mut each: impl FnMut(&[u8], usize)) {
        while let Some(at) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at_checked(at).unwrap_or((chunk, &[]));
            chunk = rest.get(1..).unwrap_or_default();
            if self.partial_bytes == 0 {
                each(line.get(..self.keep).unwrap_or(line), line.len());
            } else {
                self.add(line);
                self.end(&mut each);
            }
        }
        self.add(chunk);
    }

    /// The stream has ended: a last line without an end is a line too.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8], usize)) {
        if self.partial_bytes > 0 {
            self.end(&mut each);
        }
    }

    fn add(&mut self, part: &[u8]) {
        let room = self.keep.saturating_sub(self.partial.len());
        let kept = part.get(..room).unwrap_or(part);
        self.partial.extend_from_slice(kept);
        self.partial_bytes = self.partial_bytes.saturating_add(part.len());
    }

    fn end(&mut self, each: &mut impl FnMut(&[u8], usize)) {
        each(&self.partial, self.partial_bytes);
        self.partial.clear();
        self.partial.shrink_to(4 * 1024);
        self.partial_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &[u8], step: usize, keep: usize) -> Vec<(Vec<u8>, usize)> {
        let (mut lines, mut seen) = (Lines::new(keep), Vec::new());
        for part in text.chunks(step) {
            lines.feed(part, |line, bytes| seen.push((line.to_vec(), bytes)));
        }
        lines.finish(|line, bytes| seen.push((line.to_vec(), bytes)));
        seen
    }

    #[test]
    fn the_same_lines_whatever_the_reads() {
        let text = b"one\n\ntwo is longer\n\xff\x00\nlast";
        let whole = cut(text, text.len(), 5);
        let expected: [(&[u8], usize); 5] = [
            (b"one", 3),
            (b"", 0),
            (b"two i", 13),
            (b"\xff\x00", 2),
            (b"last", 4),
        ];
        assert_eq!(whole.len(), expected.len());
        for (got, (line, bytes)) in whole.iter().zip(expected) {
            assert_eq!((got.0.as_slice(), got.1), (line, bytes));
        }
        for step in 1..text.len() {
            assert_eq!(cut(text, step, 5), whole, "{step}");
        }
    }
}
