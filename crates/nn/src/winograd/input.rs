use super::lines::{Lines, F2, F4};
use super::{plane_stride, Filtering};
use crate::share::Share;
use simd::{F32x4, LANES};

/// Channels of one unit of the input's transform.
const UNIT_CHANNELS: usize = 32;

/// The pieces `first .. first + count` of `[batch, height, width, channels]`, to be transformed.
#[derive(Clone, Copy)]
pub struct WinogradInput {
    pub filtering: Filtering,
    pub input: *const f32,
    /// `[point][count][channels]`, planes 16 values further apart than that.
    pub transformed: *mut f32,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// Rows above and columns to the left, left out where negative.
    pub padding: [isize; 2],
    /// Pieces of a picture, down and across.
    pub pieces: [usize; 2],
    pub first: usize,
    pub count: usize,
}

/// Transforms this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn winograd_input(p: &WinogradInput, share: Share) {
    match p.filtering {
        Filtering::F2 => transform_pieces::<F2, 4, 2>(p, share),
        Filtering::F4 => transform_pieces::<F4, 6, 4>(p, share),
    }
}

unsafe fn transform_pieces<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradInput,
    share: Share,
) {
    let chunks = p.channels.div_ceil(UNIT_CHANNELS);
    for unit in share.of(p.count * chunks) {
        let (piece, chunk) = (unit / chunks, unit % chunks);
        let (row, px) = ((p.first + piece) / p.pieces[1], (p.first + piece) % p.pieces[1]);
        let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
        let base = p.input.add(image * p.height * p.width * p.channels);
        // Where the piece lies in the picture, and which part of it is inside.
        let top = (py * OUTPUT) as isize - p.padding[0];
        let left = (px * OUTPUT) as isize - p.padding[1];
        let inside = |start: isize, size: usize| {
            let clamp = |at: isize| at.clamp(0, INPUT as isize) as usize;
            clamp(-start)..clamp(size as isize - start)
        };
        let (ys, xs) = (inside(top, p.height), inside(left, p.width));
        let channels = chunk * UNIT_CHANNELS..p.channels.min((chunk + 1) * UNIT_CHANNELS);
        for channel in channels.step_by(LANES) {
            let lanes = LANES.min(p.channels - channel);
            let mut values = [[F32x4::zero(); INPUT]; INPUT];
            for y in ys.clone() {
                let line = base.wrapping_offset((top + y as isize) * (p.width * p.channels) as isize);
                for x in xs.clone() {
                    let source = line.wrapping_offset((left + x as isize) * p.channels as isize).wrapping_add(channel);
                    values[y][x] =
                        if lanes == LANES { F32x4::load(source) } else { F32x4::load_partial(source, lanes) };
                }
            }
            let target = p.transformed.add(piece * p.channels + channel);
            transform_piece::<F, INPUT, OUTPUT>(values, target, plane_stride(p.count, p.channels), lanes);
        }
    }
}

/// `B' d B`, written to the planes.
#[inline(always)]
unsafe fn transform_piece<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    values: [[F32x4; INPUT]; INPUT],
    target: *mut f32,
    plane: usize,
    lanes: usize,
) {
    let columns: [[F32x4; INPUT]; INPUT] = std::array::from_fn(|x| F::input(std::array::from_fn(|y| values[y][x])));
    for y in 0..INPUT {
        let row = F::input(std::array::from_fn(|x| columns[x][y]));
        for (x, value) in row.iter().enumerate() {
            let to = target.add((y * INPUT + x) * plane);
            if lanes == LANES {
                value.store(to);
            } else {
                value.store_partial(to, lanes);
            }
        }
    }
}
