use super::filtering::{piece_stride, Filtering};
use super::lines::{Lines, F2, F4};
use crate::share::Share;
use operands::operands;
use simd::{F32x4, LANES};

/// Channels of one unit of the input's transform.
const UNIT_CHANNELS: usize = 32;

/// Read in place of pixels outside the image.
static ZEROS: [f32; UNIT_CHANNELS] = [0.0; UNIT_CHANNELS];

operands! {
    /// Transforms the pieces `first .. first + count` of the input, each into a value for every point and channel.
    pub struct WinogradInput {
        pub filtering: Filtering,
        /// `[batch, height, width, channels]`.
        pub input: *const f32,
        /// `[count][point][channels]`, with 16 values between pieces.
        pub transformed: *mut f32,
        pub height: usize,
        pub width: usize,
        pub channels: usize,
        /// Padding rows above and columns to the left, cropped if negative.
        pub padding: [isize; 2],
        /// Pieces of an image, down and across.
        pub pieces: [usize; 2],
        pub first: usize,
        pub count: usize,
    }
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
        transform_unit::<F, INPUT, OUTPUT>(p, unit / chunks, unit % chunks);
    }
}

#[inline(never)]
unsafe fn transform_unit<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradInput,
    piece: usize,
    chunk: usize,
) {
    let (row, px) = ((p.first + piece) / p.pieces[1], (p.first + piece) % p.pieces[1]);
    let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
    let first = chunk * UNIT_CHANNELS;
    let base = p.input.add(image * p.height * p.width * p.channels + first);
    let pixels: [[*const f32; INPUT]; INPUT] = std::array::from_fn(|y| {
        let y = (py * OUTPUT + y).wrapping_sub(p.padding[0] as usize);
        std::array::from_fn(|x| {
            let x = (px * OUTPUT + x).wrapping_sub(p.padding[1] as usize);
            let inside = y < p.height && x < p.width;
            if inside {
                base.add((y * p.width + x) * p.channels)
            } else {
                ZEROS.as_ptr()
            }
        })
    });
    let target = p.transformed.add(piece * piece_stride(INPUT * INPUT, p.channels) + first);
    let channels = UNIT_CHANNELS.min(p.channels - first);
    for channel in (0..channels).step_by(LANES) {
        let lanes = LANES.min(channels - channel);
        if lanes == LANES {
            let load = |source: *const f32| F32x4::load(source.add(channel));
            transform_piece::<F, INPUT, OUTPUT>(&pixels, load, |point, value| {
                value.store(target.add(point * p.channels + channel));
            });
        } else {
            let load = |source: *const f32| F32x4::load_partial(source.add(channel), lanes);
            transform_piece::<F, INPUT, OUTPUT>(&pixels, load, |point, value| {
                value.store_partial(target.add(point * p.channels + channel), lanes);
            });
        }
    }
}

/// `B' d B` of one piece, point by point.
#[inline(always)]
fn transform_piece<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    pixels: &[[*const f32; INPUT]; INPUT],
    load: impl Fn(*const f32) -> F32x4,
    store: impl Fn(usize, F32x4),
) {
    let columns: [[F32x4; INPUT]; INPUT] =
        std::array::from_fn(|x| F::input(std::array::from_fn(|y| load(pixels[y][x]))));
    for y in 0..INPUT {
        let row = F::input(std::array::from_fn(|x| columns[x][y]));
        for (x, value) in row.iter().enumerate() {
            store(y * INPUT + x, *value);
        }
    }
}
