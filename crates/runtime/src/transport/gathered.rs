//! A body as it comes together.

use std::collections::VecDeque;

use bytes::Bytes;

/// The least and the most that a block holds.
const BLOCK_BYTES: (usize, usize) = (16 * 1024, 256 * 1024);

/// A body as it comes together: in blocks, so that it is never there twice, however long it grows. One that comes in one chunk is
/// kept without a copy.
#[derive(Default)]
pub(crate) struct Gathered {
    first: Bytes,
    blocks: VecDeque<Vec<u8>>,
    len: usize,
}

impl Gathered {
    /// One more chunk.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        if self.len == 0 {
            self.len = chunk.len();
            self.first = chunk;
            return;
        }
        self.push_slice(&chunk);
    }

    /// One more chunk, copied.
    pub(super) fn push_slice(&mut self, mut chunk: &[u8]) {
        while !chunk.is_empty() {
            let (now, later) = match self.blocks.back_mut() {
                Some(block) if block.len() < block.capacity() => {
                    let room = block.capacity() - block.len();
                    let (now, later) = chunk.split_at(room.min(chunk.len()));
                    block.extend_from_slice(now);
                    (now, later)
                }
                _ => {
                    let (least, most) = BLOCK_BYTES;
                    self.blocks.push_back(Vec::with_capacity(self.len.clamp(least, most)));
                    (&[][..], chunk)
                }
            };
            self.len += now.len();
            chunk = later;
        }
    }

    /// How long it is by now.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.len).unwrap_or(u64::MAX)
    }

    /// All of it. Each block goes as soon as it is copied.
    pub(crate) fn finish(mut self) -> Bytes {
        if self.blocks.is_empty() {
            return self.first;
        }
        if self.first.is_empty() && self.blocks.len() == 1 {
            return self.blocks.pop_front().unwrap_or_default().into();
        }
        let mut whole = Vec::with_capacity(self.len);
        whole.extend_from_slice(&std::mem::take(&mut self.first));
        while let Some(block) = self.blocks.pop_front() {
            whole.extend_from_slice(&block);
        }
        whole.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_comes_out_in_its_order() {
        for (chunk, count) in [(1, 0), (1, 1), (7, 1), (1, 100_000), (1000, 700), (700_000, 3)] {
            let mut gathered = Gathered::default();
            let mut expected = Vec::new();
            for index in 0..count {
                let bytes: Vec<u8> = (0..chunk).map(|at| (index * 31 + at) as u8).collect();
                expected.extend_from_slice(&bytes);
                gathered.push(bytes.into());
            }
            assert_eq!(gathered.len(), expected.len() as u64);
            assert!(gathered.finish() == expected, "{count} chunks of {chunk}");
        }
    }

    #[test]
    fn one_chunk_is_not_copied() {
        let chunk = Bytes::from(vec![7; 100]);
        let mut gathered = Gathered::default();
        gathered.push(chunk.clone());
        assert_eq!(gathered.finish().as_ptr(), chunk.as_ptr());
    }
}
