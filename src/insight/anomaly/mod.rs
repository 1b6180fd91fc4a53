//! Anomalies: hours and days that depart from what a series usually does.
