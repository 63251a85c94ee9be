use crate::lanes::{load, store};
use crate::share::Share;
use operands::{kinds, operands};
use simd::{F32x4, LANES};
use std::ops::Range;

kinds! {
    pub enum PoolKind {
        Max,
        /// The mean over the taps inside the image.
        Average,
        /// The mean over the whole kernel; the padding counts as zeros.
        AverageWithPadding,
    }
}

operands! {
    /// Max or average pooling of `[batch, height, width, channels]`.
    pub struct Pool2d {
        pub kind: PoolKind,
        pub input: *const f32,
        pub output: *mut f32,
        pub batch: usize,
        pub height: usize,
        pub width: usize,
        pub channels: usize,
        pub output_height: usize,
        pub output_width: usize,
        pub kernel: [usize; 2],
        pub stride: [usize; 2],
        pub padding: [usize; 2],
    }
}

/// The part of a window that lies inside its image.
pub(crate) struct Window {
    ys: Range<usize>,
    xs: Range<usize>,
    /// Where the image begins, and the distances between its rows and between its pixels.
    start: usize,
    row_stride: usize,
    channels: usize,
    /// The divisor of the mean.
    pub divisor: usize,
}

impl Window {
    /// Calls `tap` with the input offset of every pixel, row by row.
    #[inline(always)]
    pub fn for_each(&self, mut tap: impl FnMut(usize)) {
        for y in self.ys.clone() {
            for x in self.xs.clone() {
                tap(self.start + y * self.row_stride + x * self.channels);
            }
        }
    }
}

impl Pool2d {
    /// The window of an output pixel, counted over the batch.
    pub(crate) fn window(&self, pixel: usize) -> Window {
        let (row, x) = (pixel / self.output_width, pixel % self.output_width);
        let (image, y) = (row / self.output_height, row % self.output_height);
        let inside = |at: usize, axis: usize, size: usize| {
            let start = at * self.stride[axis];
            let end = (start + self.kernel[axis]).saturating_sub(self.padding[axis]).min(size);
            start.saturating_sub(self.padding[axis])..end
        };
        let (ys, xs) = (inside(y, 0, self.height), inside(x, 1, self.width));
        let divisor = match self.kind {
            PoolKind::AverageWithPadding => self.kernel[0] * self.kernel[1],
            _ => ys.len() * xs.len(),
        };
        let row_stride = self.width * self.channels;
        Window { ys, xs, start: image * self.height * row_stride, row_stride, channels: self.channels, divisor }
    }
}

/// Computes this thread's share of the output pixels.
///
/// # Safety
/// The buffers must be valid for the sizes `p` names.
#[inline(never)]
pub unsafe fn pool2d(p: &Pool2d, share: Share) {
    for pixel in share.of(p.batch * p.output_height * p.output_width) {
        pool_pixel(p, pixel);
    }
}

#[inline(never)]
unsafe fn pool_pixel(p: &Pool2d, pixel: usize) {
    let window = p.window(pixel);
    let factor = F32x4::splat(1.0 / window.divisor as f32);
    let start = F32x4::splat(if p.kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 });
    let output = p.output.add(pixel * p.channels);
    for channel in (0..p.channels).step_by(LANES) {
        let lanes = LANES.min(p.channels - channel);
        let mut value = start;
        window.for_each(|at| {
            let tap = load(p.input.add(at + channel), lanes);
            value = if p.kind == PoolKind::Max { value.max(tap) } else { value + tap };
        });
        if p.kind != PoolKind::Max {
            value = value * factor;
        }
        store(value, output.add(channel), lanes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_at_the_border_leave_the_padding_out() {
        // A 3x3 image of 1..9, kernel 2, stride 2, padding 1: four windows, three of them cropped.
        for channels in [1, 4, 6] {
            let x: Vec<f32> = (0..9 * channels).map(|i| (i / channels + 1) as f32).collect();
            let cases = [
                (PoolKind::Max, [1.0, 3.0, 7.0, 9.0]),
                (PoolKind::Average, [1.0, 2.5, 5.5, 7.0]),
                (PoolKind::AverageWithPadding, [0.25, 1.25, 2.75, 7.0]),
            ];
            for (kind, want) in cases {
                let mut out = vec![f32::NAN; 4 * channels];
                let p = Pool2d {
                    kind,
                    input: x.as_ptr(),
                    output: out.as_mut_ptr(),
                    batch: 1,
                    height: 3,
                    width: 3,
                    channels,
                    output_height: 2,
                    output_width: 2,
                    kernel: [2, 2],
                    stride: [2, 2],
                    padding: [1, 1],
                };
                for thread in 0..3 {
                    unsafe { pool2d(&p, Share { thread, threads: 3 }) };
                }
                for (i, got) in out.iter().enumerate() {
                    assert_eq!(*got, want[i / channels], "{kind:?}");
                }
            }
        }
    }
}
