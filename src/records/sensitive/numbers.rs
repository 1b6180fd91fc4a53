//! Numbers that are told by their check digits: cards, accounts, national ids.

/// Lengths of IBANs (SWIFT, IBAN registry), of the countries that are looked for.
const IBAN_LENGTHS: [(&str, usize); 17] = [
    ("AT", 20),
    ("BE", 16),
    ("CH", 21),
    ("DE", 22),
    ("DK", 18),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("IE", 22),
    ("IT", 27),
    ("LU", 20),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("SE", 24),
];

fn digit(byte: u8) -> u32 {
    u32::from(byte.saturating_sub(b'0'))
}

/// A payment card number: prefix and length of an issuer (ISO/IEC 7812), and the Luhn digit.
pub(super) fn is_card(digits: &str) -> bool {
    let prefix = |length: usize| digits.get(..length).and_then(|part| part.parse::<u32>().ok());
    let (Some(two), Some(three), Some(four)) = (prefix(2), prefix(3), prefix(4)) else {
        return false;
    };
    let of_issuer = match digits.len() {
        13 | 19 => two / 10 == 4,
        14 => matches!(two, 36 | 38) || (300..=305).contains(&three),
        15 => matches!(two, 34 | 37),
        16 => {
            two / 10 == 4
                || (51..=55).contains(&two)
                || (2221..=2720).contains(&four)
                || matches!(two, 35 | 65)
                || four == 6011
                || (644..=649).contains(&three)
        }
        _ => false,
    };
    of_issuer && luhn(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| match (index % 2, digit(byte)) {
            (1, number) if number > 4 => number * 2 - 9,
            (1, number) => number * 2,
            (_, number) => number,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Area, group and serial of a US social security number that can have been given out.
pub(super) fn is_ssn(area: &str, group: &str, serial: &str) -> bool {
    !matches!(area, "000" | "666") && !area.starts_with('9') && group != "00" && serial != "0000"
}

/// A German tax id: ten digits of which one comes two or three times, and a check digit (ISO 7064,
/// MOD 11,10).
pub(super) fn is_de_tax_id(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if bytes.len() != 11 || bytes[0] == b'0' {
        return false;
    }
    let mut counts = [0_u32; 10];
    let mut product = 10;
    for byte in &bytes[..10] {
        counts[digit(*byte) as usize % 10] += 1;
        let sum = (digit(*byte) + product) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    let repeated: Vec<u32> = counts.into_iter().filter(|count| *count > 1).collect();
    matches!(repeated.as_slice(), [2 | 3]) && (11 - product) % 10 == digit(bytes[10])
}

/// A Polish PESEL: weighted sum and a month and day that exist.
pub(super) fn is_pesel(digits: &str) -> bool {
    const WEIGHTS: [u32; 10] = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
    let bytes = digits.as_bytes();
    if bytes.len() != 11 {
        return false;
    }
    let pair = |at: usize| digit(bytes[at]) * 10 + digit(bytes[at + 1]);
    let sum: u32 = WEIGHTS.iter().zip(bytes).map(|(weight, byte)| weight * digit(*byte)).sum();
    (1..=12).contains(&(pair(2) % 20))
        && (1..=31).contains(&pair(4))
        && (10 - sum % 10) % 10 == digit(bytes[10])
}

/// A French NIR: sex, month of birth, and the key, 97 less the rest of the number.
pub(super) fn is_nir(digits: &str) -> bool {
    let (Some(number), Some(key)) = (digits.get(..13), digits.get(13..)) else { return false };
    let (Ok(number), Ok(key)) = (number.parse::<u64>(), key.parse::<u64>()) else { return false };
    let month = number / 100_000_000 % 100;
    digits.len() == 15
        && matches!(number / 1_000_000_000_000, 1 | 2)
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && 97 - number % 97 == key
}

/// A Spanish DNI (eight digits) or NIE (X, Y or Z and seven), and its letter.
pub(super) fn is_dni(id: &str) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((number, letter)) = id.split_at_checked(8) else { return false };
    let number = number.replacen('X', "0", 1).replacen('Y', "1", 1).replacen('Z', "2", 1);
    let number: Option<usize> = number.parse().ok();
    number.and_then(|number| LETTERS.get(number % 23)) == letter.as_bytes().first()
}

/// An Italian codice fiscale: the letter that its fifteen characters give.
pub(super) fn is_codice_fiscale(id: &str) -> bool {
    // What characters at odd places count (Decreto del Ministro delle finanze, 23 December 1976).
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let value = |byte: u8| {
        let number = if byte.is_ascii_digit() { byte - b'0' } else { byte.saturating_sub(b'A') };
        usize::from(number)
    };
    let bytes = id.as_bytes();
    let Some((last, others)) = bytes.split_last() else { return false };
    let sum: u32 = others
        .iter()
        .enumerate()
        .map(|(index, byte)| match index % 2 {
            0 => ODD.get(value(*byte)).copied().unwrap_or_default(),
            _ => u32::try_from(value(*byte)).unwrap_or_default(),
        })
        .sum();
    u32::from(last.saturating_sub(b'A')) == sum % 26
}

/// An IBAN without blanks: its country's length, and 1 modulo 97.
pub(super) fn is_iban(iban: &str) -> bool {
    let country = iban.get(..2).unwrap_or_default();
    let length = IBAN_LENGTHS.iter().find(|(code, _)| *code == country).map(|(_, length)| *length);
    if length != Some(iban.len()) {
        return false;
    }
    let (head, tail) = iban.split_at(4);
    let rest = tail.bytes().chain(head.bytes()).try_fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + digit(byte)) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    });
    rest == Some(1)
}
