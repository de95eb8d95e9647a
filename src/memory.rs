//! Memory that is free goes back to the system: few heaps, and a look at them when it is quiet.

use std::time::Duration;

/// Heaps of the allocator. It would make eight for each processor, and each keeps what it once had.
const HEAPS_MAX: libc::c_int = 2;
/// Between two looks at how busy we are.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Processor time between two looks that counts as quiet, and since the last giving back that makes
/// another worth its while, in microseconds.
const QUIET_US: i64 = 20_000;
const WORK_US: i64 = 100_000;

/// To be called before there is a second thread.
pub fn limit_heaps() {
    // SAFETY: it takes two numbers.
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, HEAPS_MAX) };
}

/// Gives back what is free each time that work has been followed by quiet. Never ends.
pub async fn keep_small() {
    let (mut given_at, mut last) = (0, 0);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        let now = processor_us();
        if now - last < QUIET_US && now - given_at > WORK_US {
            // SAFETY: it takes a number, and the allocator locks what it touches.
            let _ = unsafe { libc::malloc_trim(0) };
            given_at = processor_us();
        }
        last = processor_us();
    }
}

/// Processor time of this process so far, in microseconds.
fn processor_us() -> i64 {
    // SAFETY: `rusage` is plain numbers, for which all-zero bytes are a value.
    let mut used: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live, writable value of the right type.
    let _ = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut used) };
    let us = |t: libc::timeval| t.tv_sec * 1_000_000 + t.tv_usec;
    us(used.ru_utime) + us(used.ru_stime)
}
