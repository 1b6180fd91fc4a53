//! Outcome of a call from the name of its error.

use crate::schema::invocation::status;

/// Error names (without `Exception`) by class; a name belongs to the class one of whose prefixes it
/// starts with.
const CLASSES: [(&str, &[&str]); 3] = [
    (status::THROTTLED, &["Throttling", "ServiceQuotaExceeded", "TooManyRequests"]),
    (
        status::ACCESS_DENIED,
        &["AccessDenied", "Unauthorized", "UnrecognizedClient", "ExpiredToken"],
    ),
    (
        status::SERVER_ERROR,
        &[
            "ModelTimeout",
            "ModelError",
            "ModelStreamError",
            "ModelNotReady",
            "InternalServer",
            "ServiceUnavailable",
        ],
    ),
];

/// The [`status`] of a call that failed with this error.
pub(crate) fn of_error(error_code: &str) -> &'static str {
    let name = bare_name(error_code);
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    CLASSES
        .iter()
        .find(|(_, prefixes)| starts(prefixes))
        .map_or(status::CLIENT_ERROR, |(class, _)| class)
}

/// The name without namespace: `com.amazonaws.bedrock#ThrottlingException` and
/// `ThrottlingException:http://…` name the same error.
fn bare_name(error_code: &str) -> &str {
    let after_hash = error_code.rsplit_once('#').map_or(error_code, |(_, name)| name);
    let before_colon = after_hash.split(':').next().unwrap_or(after_hash);
    let after_dot = before_colon.rsplit('.').next().unwrap_or(before_colon);
    after_dot.trim()
}

#[cfg(test)]
mod tests {
    use super::of_error;
    use crate::schema::invocation::status;

    #[test]
    fn names_fall_into_the_classes_of_the_architecture() {
        for (name, expected) in [
            ("ThrottlingException", status::THROTTLED),
            ("Throttling", status::THROTTLED),
            ("ServiceQuotaExceededException", status::THROTTLED),
            ("TooManyRequestsException", status::THROTTLED),
            ("com.amazonaws.bedrock#ThrottlingException", status::THROTTLED),
            ("ThrottlingException:http://internal.example/coral", status::THROTTLED),
            ("software.amazon.awssdk.ThrottlingException", status::THROTTLED),
            ("AccessDenied", status::ACCESS_DENIED),
            ("AccessDeniedException", status::ACCESS_DENIED),
            ("UnauthorizedOperation", status::ACCESS_DENIED),
            ("UnrecognizedClientException", status::ACCESS_DENIED),
            ("ExpiredTokenException", status::ACCESS_DENIED),
            ("ModelTimeoutException", status::SERVER_ERROR),
            ("ModelErrorException", status::SERVER_ERROR),
            ("ModelStreamErrorException", status::SERVER_ERROR),
            ("ModelNotReadyException", status::SERVER_ERROR),
            ("InternalServerException", status::SERVER_ERROR),
            ("ServiceUnavailableException", status::SERVER_ERROR),
            ("ValidationException", status::CLIENT_ERROR),
            ("ResourceNotFoundException", status::CLIENT_ERROR),
            ("SomethingNew", status::CLIENT_ERROR),
            ("", status::CLIENT_ERROR),
        ] {
            assert_eq!(of_error(name), expected, "{name}");
        }
    }
}
