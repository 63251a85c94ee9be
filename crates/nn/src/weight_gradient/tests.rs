use super::*;
use crate::conv_shape::cases::{self, sized, values};
use crate::conv_shape::ConvShape;
use crate::share::Share;
use gemm::COLUMNS;

/// Three images, so that segments divide them.
const BASE: ConvShape = ConvShape { batch: 3, ..cases::BASE };

fn naive(c: &ConvShape, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let [oh, ow] = [c.output_height, c.output_width];
    let mut dw = Vec::new();
    for o in 0..c.groups * c.columns {
        for d in 0..c.depth {
            for tap in 0..c.kernel[0] * c.kernel[1] {
                let mut sum = 0.0;
                for pixel in 0..c.batch * oh * ow {
                    let (n, y, left) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
                    let iy = y * c.stride[0] + tap / c.kernel[1] * c.dilation[0];
                    let ix = left * c.stride[1] + tap % c.kernel[1] * c.dilation[1];
                    let (iy, ix) = (iy.wrapping_add_signed(-c.padding[0]), ix.wrapping_add_signed(-c.padding[1]));
                    if iy < c.height && ix < c.width {
                        let at = (n * c.height + iy) * c.width + ix;
                        let channel = o / c.columns * c.depth + d;
                        sum += x[at * c.groups * c.depth + channel] * dy[pixel * c.groups * c.columns + o];
                    }
                }
                dw.push(sum);
            }
        }
    }
    dw
}

fn run(c: &ConvShape, x: &[f32], dy: &[f32], segments: usize, threads: usize) -> Vec<f32> {
    let taps = c.taps();
    let panels = c.groups * c.columns.div_ceil(COLUMNS);
    let mut partials = vec![f32::NAN; segments * panels * taps * c.depth * COLUMNS];
    let mut output = vec![f32::NAN; c.groups * c.columns * c.depth * taps];
    let p = WeightGradient {
        input: x.as_ptr(),
        gradient: dy.as_ptr(),
        partials: partials.as_mut_ptr(),
        segments,
        shape: *c,
    };
    let shares = || (0..threads).map(|thread| Share { thread, threads });
    shares().for_each(|share| unsafe { weight_gradient(&p, share) });
    let p = SumWeights {
        partials: partials.as_ptr(),
        output: output.as_mut_ptr(),
        segments,
        groups: c.groups,
        columns: c.columns,
        depth: c.depth,
        taps,
    };
    shares().for_each(|share| unsafe { sum_weights(&p, share) });
    output
}

#[test]
fn equals_the_naive_loops_for_any_number_of_segments_and_threads() {
    let cases = [
        ConvShape { ..BASE },
        ConvShape { batch: 0, ..BASE },
        ConvShape { height: 9, width: 8, depth: 20, columns: 40, ..BASE },
        ConvShape { kernel: [1, 1], padding: [0, 0], depth: 16, columns: 16, ..BASE },
        ConvShape { stride: [2, 2], height: 7, width: 8, ..BASE },
        ConvShape { dilation: [2, 1], padding: [2, 1], ..BASE },
        ConvShape { kernel: [7, 7], stride: [2, 2], padding: [3, 3], height: 11, width: 9, ..BASE },
        ConvShape { groups: 4, depth: 4, columns: 4, ..BASE },
        ConvShape { groups: 6, depth: 1, columns: 2, ..BASE },
        ConvShape { kernel: [1, 3], padding: [0, -1], ..BASE },
        ConvShape { batch: 70, height: 3, width: 4, ..BASE },
        ConvShape { batch: 90, height: 2, width: 2, depth: 35, ..BASE },
        ConvShape { height: 2, width: 133, batch: 2, ..BASE },
        ConvShape { height: 20, width: 21, batch: 2, ..BASE },
    ]
    .map(sized);
    for (index, c) in cases.iter().enumerate() {
        let x = values(c.batch * c.height * c.width * c.groups * c.depth, 1);
        let dy = values(c.batch * c.output_height * c.output_width * c.groups * c.columns, 2);
        let want = naive(c, &x, &dy);
        for (segments, threads) in [(1, 1), (1, 2), (3, 1), (4, 3)] {
            let got = run(c, &x, &dy, segments, threads);
            assert_eq!(got, want, "case {index}, {segments} segments, {threads} threads");
        }
    }
}

/// Products of channels and the number of a tile overflow the 32 bits of WebAssembly.
#[test]
fn channels_may_be_many() {
    let c = sized(ConvShape {
        batch: 1,
        height: 1,
        width: 1,
        depth: 200_000,
        columns: 1,
        kernel: [1, 1],
        padding: [0, 0],
        ..BASE
    });
    let x = values(c.depth, 1);
    let dy = [2.0];
    let want: Vec<f32> = x.iter().map(|x| 2.0 * x).collect();
    for threads in [1, 64] {
        assert!(run(&c, &x, &dy, 1, threads) == want, "{threads} threads");
    }
}
