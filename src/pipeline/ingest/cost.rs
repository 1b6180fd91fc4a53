//! What the requests of an ingest cost, as a reason to narrow it or not.

use super::RequestCounts;

/// 10⁻⁷ USD for one page of a listing: $0.005 per 1,000 `LIST` requests, S3 Standard in us-east-1,
/// <https://aws.amazon.com/s3/pricing/> (November 2026). Other Regions and classes differ, by up to
/// some two thirds; transfer out of the Region costs more than all requests together.
const LIST_PRICE: u128 = 50;
/// 10⁻⁷ USD for fetching one object: $0.0004 per 1,000 `GET` requests, as above.
const GET_PRICE: u128 = 4;

/// The price of these requests in USD, as a decimal number.
pub fn request_cost_usd(requests: RequestCounts) -> String {
    const USD: u128 = 10_000_000;
    let cost = u128::from(requests.list) * LIST_PRICE + u128::from(requests.get) * GET_PRICE;
    format!("{}.{:07}", cost / USD, cost % USD)
}

#[cfg(test)]
mod tests {
    use super::{RequestCounts, request_cost_usd};

    #[test]
    fn a_thousand_requests_cost_as_listed() {
        let cost = |list, get| request_cost_usd(RequestCounts { list, get });
        assert_eq!(cost(1000, 0), "0.0050000");
        assert_eq!(cost(0, 1000), "0.0004000");
        assert_eq!(cost(3, 7), "0.0000178");
        assert_eq!(cost(1_000_000, 250_000_000), "105.0000000");
    }
}
