use gemm::part;
use std::ops::Range;

/// One thread's part of the work.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub thread: usize,
    pub threads: usize,
}

impl Share {
    /// All of the work.
    pub const WHOLE: Share = Share { thread: 0, threads: 1 };

    /// This thread's units out of `units`, differing by at most one between threads.
    #[inline]
    pub fn of(self, units: usize) -> Range<usize> {
        part(units, self.thread, self.threads)
    }
}

/// The least units of work that a layer should have, so that threads find equal parts even in small ones.
const UNITS: usize = 4;

/// The number of units, of at most `most` panels, that the panels of each of `blocks` are cut into.
pub(crate) fn panel_units(panels: usize, blocks: usize, most: usize) -> usize {
    panels.div_ceil((panels * blocks / UNITS).clamp(1, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_every_unit_once() {
        for units in 0..40 {
            for threads in 1..9 {
                let covered: Vec<usize> = (0..threads).flat_map(|thread| Share { thread, threads }.of(units)).collect();
                assert_eq!(covered, (0..units).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn units_may_be_as_many_as_32_bits_hold() {
        let units = u32::MAX as usize;
        assert_eq!(Share { thread: 63, threads: 64 }.of(units), units - units.div_ceil(64)..units);
    }
}
