use super::cut::Cut;
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
        pub cut: Cut,
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
    let chunks = p.cut.channels.div_ceil(UNIT_CHANNELS);
    for unit in share.of(p.cut.count * chunks) {
        transform_unit::<F, INPUT, OUTPUT>(p, unit / chunks, unit % chunks);
    }
}

#[inline(never)]
unsafe fn transform_unit<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradInput,
    piece: usize,
    chunk: usize,
) {
    let (image, py, px) = p.cut.locate(piece);
    let first = chunk * UNIT_CHANNELS;
    let base = p.input.add(image * p.cut.height * p.cut.width * p.cut.channels + first);
    let pixels: [[*const f32; INPUT]; INPUT] = std::array::from_fn(|y| {
        let y = (py * OUTPUT + y).wrapping_sub(p.cut.padding[0] as usize);
        std::array::from_fn(|x| {
            let x = (px * OUTPUT + x).wrapping_sub(p.cut.padding[1] as usize);
            let inside = y < p.cut.height && x < p.cut.width;
            if inside {
                base.add((y * p.cut.width + x) * p.cut.channels)
            } else {
                ZEROS.as_ptr()
            }
        })
    });
    let target = p.transformed.add(piece * piece_stride(INPUT * INPUT, p.cut.channels) + first);
    let channels = UNIT_CHANNELS.min(p.cut.channels - first);
    for channel in (0..channels).step_by(LANES) {
        let lanes = LANES.min(channels - channel);
        if lanes == LANES {
            let load = |source: *const f32| F32x4::load(source.add(channel));
            transform_piece::<F, INPUT, OUTPUT>(&pixels, load, |point, value| {
                value.store(target.add(point * p.cut.channels + channel));
            });
        } else {
            let load = |source: *const f32| F32x4::load_partial(source.add(channel), lanes);
            transform_piece::<F, INPUT, OUTPUT>(&pixels, load, |point, value| {
                value.store_partial(target.add(point * p.cut.channels + channel), lanes);
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
