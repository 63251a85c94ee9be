use crate::lanes::load;
use crate::share::Share;
use crate::winograd::cut::Cut;
use crate::winograd::filtering::{Filtering, GAP};
use crate::winograd::lines::{Lines, F4};
use gemm::COLUMNS;
use operands::{kinds, operands};
use simd::{F32x4, LANES};
use std::f32::consts::SQRT_2;
use std::ops::Range;

/// Pieces are those of F(4x4, 3x3).
pub(super) const SIZE: usize = 6;
pub(super) const POINTS: usize = Filtering::F4.points();
pub(super) const OUTPUT: usize = Filtering::F4.output();

kinds! {
    /// Which factor of the products pieces are transformed to.
    pub enum Factor {
        /// 6x6 pixels of the input, to `[point][piece][channels]`, with [`PIECE_GAP`] values between pieces.
        Input,
        /// 4x4 pixels of the output's gradient, to `[point][channels in eights][piece][8]`.
        Gradient,
    }
}

/// Gap between pieces: without it they lie powers of two apart and compete for the same cache lines.
pub const PIECE_GAP: usize = 8;

impl Factor {
    /// Where a channel of a piece lies, counted from the start of its point.
    fn at(self, channel: usize, channels: usize, piece: usize, pieces: usize) -> usize {
        match self {
            Factor::Input => piece * input_stride(channels) + channel,
            Factor::Gradient => (channel / COLUMNS * pieces + piece) * COLUMNS + channel % COLUMNS,
        }
    }

    /// Values from one point to the next.
    pub(super) fn plane(self, channels: usize, pieces: usize) -> usize {
        match self {
            Factor::Input => input_stride(channels) * pieces + GAP,
            Factor::Gradient => channels.next_multiple_of(COLUMNS) * pieces + GAP,
        }
    }
}

/// Values from one piece of the input to the next.
pub(super) fn input_stride(channels: usize) -> usize {
    channels.next_multiple_of(LANES) + PIECE_GAP
}

operands! {
    /// Transforms the pieces `first .. first + count` of a convolution's input, or of its output's gradient, into a plane
    /// for each point.
    pub struct WinogradFactor {
        pub factor: Factor,
        /// `[batch, height, width, channels]`.
        pub source: *const f32,
        pub transformed: *mut f32,
        pub cut: Cut,
    }
}

/// Transforms this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn winograd_factor(p: &WinogradFactor, share: Share) {
    match p.factor {
        Factor::Input => transform_pieces::<SIZE>(p, share, F4::input),
        Factor::Gradient => transform_pieces::<OUTPUT>(p, share, gradient_line),
    }
}

/// `G e`.
#[inline(always)]
fn gradient_line(e: [F32x4; OUTPUT]) -> [F32x4; SIZE] {
    let (half, two) = (F32x4::splat(0.5), F32x4::splat(2.0));
    let near = e[0].add_product(e[2], half) * F32x4::splat(-2.0 / 3.0);
    let slope = e[1].add_product(e[3], half) * F32x4::splat(-SQRT_2 / 3.0);
    let far = e[0].add_product(e[2], two) * F32x4::splat(1.0 / 6.0);
    let steep = e[1].add_product(e[3], two) * F32x4::splat(SQRT_2 / 6.0);
    [e[0], near + slope, near - slope, far + steep, far - steep, e[3]]
}

#[inline(always)]
unsafe fn transform_pieces<const EDGE: usize>(
    p: &WinogradFactor,
    share: Share,
    line: impl Fn([F32x4; EDGE]) -> [F32x4; SIZE],
) {
    let plane = p.factor.plane(p.cut.channels, p.cut.count);
    let zeros = vec![0.0; EDGE * p.cut.channels];
    for piece in share.of(p.cut.count) {
        let (image, py, px) = p.cut.locate(piece);
        let base = p.source.add(image * p.cut.height * p.cut.width * p.cut.channels);
        // Where the piece lies in the image, and which part of it is inside.
        let top = (py * OUTPUT) as isize - p.cut.padding[0];
        let left = (px * OUTPUT) as isize - p.cut.padding[1];
        let (ys, xs) = (inside::<EDGE>(top, p.cut.height), inside::<EDGE>(left, p.cut.width));
        let lines: [*const f32; EDGE] = std::array::from_fn(|y| {
            let start = (top + y as isize) * p.cut.width as isize + left;
            if ys.contains(&y) {
                base.wrapping_offset(start * p.cut.channels as isize)
            } else {
                zeros.as_ptr()
            }
        });
        for channel in (0..p.cut.channels).step_by(LANES) {
            let lanes = LANES.min(p.cut.channels - channel);
            let mut columns = [[F32x4::zero(); SIZE]; EDGE];
            for x in 0..EDGE {
                if xs.contains(&x) {
                    let at = x * p.cut.channels + channel;
                    columns[x] = line(std::array::from_fn(|y| load(lines[y].wrapping_add(at), lanes)));
                }
            }
            let target = p.transformed.add(p.factor.at(channel, p.cut.channels, piece, p.cut.count));
            for y in 0..SIZE {
                for (x, value) in line(std::array::from_fn(|x| columns[x][y])).iter().enumerate() {
                    value.store(target.add((y * SIZE + x) * plane));
                }
            }
        }
        // A panel is multiplied to its end, though the rest is not used.
        if p.factor == Factor::Gradient {
            for channel in
                (p.cut.channels.next_multiple_of(LANES)..p.cut.channels.next_multiple_of(COLUMNS)).step_by(LANES)
            {
                let at = p.factor.at(channel, p.cut.channels, piece, p.cut.count);
                for point in 0..POINTS {
                    F32x4::zero().store(p.transformed.add(at + point * plane));
                }
            }
        }
    }
}

fn inside<const EDGE: usize>(start: isize, size: usize) -> Range<usize> {
    let clamp = |at: isize| at.clamp(0, EDGE as isize) as usize;
    clamp(-start)..clamp(size as isize - start)
}
