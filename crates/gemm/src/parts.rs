use std::ops::Range;

/// Part `index` of `count` parts of `whole`; the parts are in order and their sizes differ by at most one.
///
/// `usize` has 32 bits in WebAssembly; `whole * index` exceeds that from a few hundred thousand pixels on.
#[inline]
pub fn part(whole: usize, index: usize, count: usize) -> Range<usize> {
    let start = |index: usize| (whole as u64 * index as u64 / count as u64) as usize;
    start(index)..start(index + 1)
}

/// All parts that [`part`] returns, in order, without its divisions: for innermost loops.
#[inline(always)]
pub fn parts(whole: usize, count: usize) -> impl Iterator<Item = Range<usize>> {
    let divisor = count.max(1);
    let (length, rest) = (whole / divisor, whole % divisor);
    let (mut end, mut carried) = (0, 0);
    (0..count).map(move |_| {
        let start = end;
        end += length;
        carried += rest;
        if carried >= count {
            carried -= count;
            end += 1;
        }
        start..end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_differ_by_at_most_one() {
        for whole in 0..40 {
            for count in 1..12 {
                let all: Vec<Range<usize>> = (0..count).map(|index| part(whole, index, count)).collect();
                assert_eq!(
                    all.iter().cloned().flatten().collect::<Vec<_>>(),
                    (0..whole).collect::<Vec<_>>(),
                    "{count} parts of {whole}"
                );
                let lengths = all.iter().map(Range::len);
                assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1, "{count} parts of {whole}");
                assert_eq!(parts(whole, count).collect::<Vec<_>>(), all);
            }
        }
        assert_eq!(parts(0, 0).count(), 0);
    }

    #[test]
    fn sizes_may_be_as_large_as_32_bits_hold() {
        let most = u32::MAX as usize;
        assert_eq!(part(most, 63, 64).end, most);
        assert_eq!(part(most, most - 1, most), most - 1..most);
        // The last part of a convolution of 642,125 pixels in blocks of 96.
        assert_eq!(part(642_125, 6688, 6689), 642_029..642_125);
        assert_eq!(parts(most, 7).last(), Some(part(most, 6, 7)));
    }
}
