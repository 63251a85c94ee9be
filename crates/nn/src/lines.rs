use crate::share::Share;
use simd::LANES;

/// The least width of a line, so that loops over its vectors are long enough to be cheap.
const LEAST_WIDTH: usize = 64;

/// How `[rows, channels]` is walked if each channel has values of its own: from front to back in lines of one or more
/// rows, in whole vectors for any number of channels. The channels' values are repeated to match.
#[derive(Clone, Copy)]
pub(crate) struct Lines {
    pub channels: usize,
    /// Values in a line.
    pub width: usize,
}

impl Lines {
    pub fn of(channels: usize) -> Lines {
        let whole = (1..=LANES).find(|rows| channels * rows % LANES == 0).unwrap_or(LANES);
        let rows = whole * LEAST_WIDTH.div_ceil(channels * whole);
        Lines { channels, width: channels * rows }
    }

    /// One value per channel, repeated along a line.
    pub fn repeat(self, value: impl Fn(usize) -> f32) -> Vec<f32> {
        let mut line = vec![0.0; self.width];
        self.fill(&mut line, value);
        line
    }

    /// Like [`Lines::repeat`], but into an existing line.
    pub fn fill(self, line: &mut [f32], value: impl Fn(usize) -> f32) {
        for channel in 0..self.channels {
            line[channel] = value(channel);
        }
        for at in self.channels..self.width {
            line[at] = line[at - self.channels];
        }
    }

    /// Calls `vector(at, column, lanes)` for every vector of this thread's share of `rows` rows: its offset, its column
    /// in the line, and its number of lanes; all but the last have [`LANES`].
    #[inline(always)]
    pub fn for_each(self, rows: usize, share: Share, mut vector: impl FnMut(usize, usize, usize)) {
        let count = rows * self.channels;
        for line in share.of(count.div_ceil(self.width)) {
            let start = line * self.width;
            let values = self.width.min(count - start);
            let whole = values - values % LANES;
            for column in (0..whole).step_by(LANES) {
                vector(start + column, column, LANES);
            }
            if whole < values {
                vector(start + whole, whole, values - whole);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_visited_once_beside_its_channel() {
        for channels in (1..20).chain([63, 64, 66, 100]) {
            let lines = Lines::of(channels);
            assert!(lines.width >= LEAST_WIDTH && lines.width % LANES == 0);
            let channel = lines.repeat(|c| c as f32);
            for rows in [0, 1, 5, 70] {
                let mut seen = vec![0; rows * channels];
                for thread in 0..3 {
                    lines.for_each(rows, Share { thread, threads: 3 }, |at, column, lanes| {
                        for lane in 0..lanes {
                            seen[at + lane] += 1;
                            assert_eq!(channel[column + lane] as usize, (at + lane) % channels);
                        }
                    });
                }
                assert!(seen.iter().all(|times| *times == 1), "{channels} channels, {rows} rows");
            }
        }
    }
}
