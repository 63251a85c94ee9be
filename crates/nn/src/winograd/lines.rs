use simd::F32x4;
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

/// The three transforms of a filtering, along one line; pieces are transformed down, then across.
pub(super) trait Lines<const INPUT: usize, const OUTPUT: usize> {
    /// `G g`.
    fn kernel(g: [F32x4; 3]) -> [F32x4; INPUT];
    /// `B' d`.
    fn input(d: [F32x4; INPUT]) -> [F32x4; INPUT];
    /// `A' m`.
    fn output(m: [F32x4; INPUT]) -> [F32x4; OUTPUT];
}

/// F(2, 3) at the points 0, 1, -1 and infinity.
pub(super) struct F2;

impl Lines<4, 2> for F2 {
    #[inline(always)]
    fn kernel([a, b, c]: [F32x4; 3]) -> [F32x4; 4] {
        let half = F32x4::splat(0.5);
        let even = (a + c) * half;
        [a, even.add_product(b, half), even.add_product(b, F32x4::splat(-0.5)), c]
    }

    #[inline(always)]
    fn input(d: [F32x4; 4]) -> [F32x4; 4] {
        [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]
    }

    #[inline(always)]
    fn output(m: [F32x4; 4]) -> [F32x4; 2] {
        [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]
    }
}

/// F(4, 3) at the points 0, +-1/sqrt 2, +-sqrt 2 and infinity: the usual 0, +-1, +-2 and infinity need a few
/// multiplications fewer and double the error.
pub(super) struct F4;

impl Lines<6, 4> for F4 {
    #[inline(always)]
    fn kernel([a, b, c]: [F32x4; 3]) -> [F32x4; 6] {
        let two = F32x4::splat(2.0);
        let near = c.add_product(a, two) * F32x4::splat(-1.0 / 3.0);
        let far = a.add_product(c, two) * F32x4::splat(1.0 / 6.0);
        let (slope, steep) = (SQRT_2 / 3.0, SQRT_2 / 6.0);
        [
            a,
            near.add_product(b, F32x4::splat(-slope)),
            near.add_product(b, F32x4::splat(slope)),
            far.add_product(b, F32x4::splat(steep)),
            far.add_product(b, F32x4::splat(-steep)),
            c,
        ]
    }

    #[inline(always)]
    fn input(d: [F32x4; 6]) -> [F32x4; 6] {
        let middle = F32x4::splat(-2.5);
        let (small, large) = (F32x4::splat(FRAC_1_SQRT_2), F32x4::splat(SQRT_2));
        let even_near = d[4].add_product(d[2], F32x4::splat(-2.0));
        let even_far = d[4].add_product(d[2], F32x4::splat(-0.5));
        let odd_near = (d[3] * small).add_product(d[1], F32x4::splat(-SQRT_2));
        let odd_far = (d[3] * large).add_product(d[1], F32x4::splat(-FRAC_1_SQRT_2));
        [
            (d[0] + d[4]).add_product(d[2], middle),
            even_near + odd_near,
            even_near - odd_near,
            even_far + odd_far,
            even_far - odd_far,
            (d[1] + d[5]).add_product(d[3], middle),
        ]
    }

    #[inline(always)]
    fn output(m: [F32x4; 6]) -> [F32x4; 4] {
        let (near, far) = (m[1] + m[2], m[3] + m[4]);
        let (slope, steep) = (m[1] - m[2], m[3] - m[4]);
        [
            m[0] + near + far,
            (slope * F32x4::splat(FRAC_1_SQRT_2)).add_product(steep, F32x4::splat(SQRT_2)),
            (near * F32x4::splat(0.5)).add_product(far, F32x4::splat(2.0)),
            m[5].add_product(slope, F32x4::splat(SQRT_2 / 4.0)).add_product(steep, F32x4::splat(2.0 * SQRT_2)),
        ]
    }
}
