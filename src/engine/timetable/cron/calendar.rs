//! Days, months and weekdays of the Gregorian calendar, counted from 1970-01-01.

/// A day's year, month (1 to 12) and number within it.
pub(super) fn date_of(day: i64) -> (i64, u32, u32) {
    // Years are taken from March on, so that the leap day is the last one, in cycles of 400 years.
    let shifted = day + 719_468;
    let cycle = shifted.div_euclid(146_097);
    let in_cycle = shifted.rem_euclid(146_097);
    let leap_corrected = in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096;
    let year = leap_corrected / 365;
    let in_year = in_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let number = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + carry, small(month), small(number))
}

/// The day of a date.
pub(super) fn day_of(year: i64, month: u32, number: u32) -> i64 {
    let (month, number) = (i64::from(month), i64::from(number));
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let in_cycle = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + number - 1;
    cycle * 146_097 + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + in_year - 719_468
}

/// How many days a month has.
pub(super) fn month_length(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// A day's weekday: 0 is Sunday.
pub(super) fn weekday_of(day: i64) -> u32 {
    small((day + 4).rem_euclid(7))
}

fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_thousand_years_reads_back() {
        let (first, last) = (day_of(1500, 1, 1), day_of(2500, 12, 31));
        let (mut year, mut month, mut number) = (1500, 1, 0);
        for day in first..=last {
            number += 1;
            if number > month_length(year, month) {
                (month, number) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
            assert_eq!(date_of(day), (year, month, number));
            assert_eq!(day_of(year, month, number), day);
        }
        assert_eq!(day_of(1970, 1, 1), 0);
        assert_eq!(weekday_of(0), 4);
    }
}
