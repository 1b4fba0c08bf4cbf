//! Top-level domains (IANA's root zone, from memory) by which text without a scheme is known as an address.

/// Domains that no abbreviation of clinical text looks like.
const SURE: [&str; 64] = [
    "com",
    "net",
    "org",
    "jp",
    "info",
    "biz",
    "edu",
    "gov",
    "int",
    "clinic",
    "hospital",
    "health",
    "healthcare",
    "care",
    "doctor",
    "dentist",
    "dental",
    "dev",
    "app",
    "site",
    "online",
    "website",
    "xyz",
    "shop",
    "store",
    "blog",
    "link",
    "page",
    "work",
    "works",
    "jobs",
    "tokyo",
    "osaka",
    "kyoto",
    "nagoya",
    "yokohama",
    "okinawa",
    "ryukyu",
    "asia",
    "club",
    "cloud",
    "email",
    "media",
    "news",
    "design",
    "group",
    "company",
    "systems",
    "tech",
    "digital",
    "agency",
    "network",
    "academy",
    "school",
    "university",
    "example",
    "test",
    "local",
    "localhost",
    "mobi",
    "name",
    "pro",
    "gle",
    "live",
];

/// Domains of countries and short ones, before a path.
const BEFORE_PATH: [&str; 60] = [
    "co", "gl", "ee", "gd", "ly", "be", "me", "to", "tv", "io", "ai", "gg", "st", "sh", "la", "in", "us",
    "uk", "de", "fr", "cn", "kr", "tw", "hk", "sg", "eu", "ch", "it", "es", "ca", "au", "nz", "ru", "ws",
    "cc", "fm", "am", "im", "is", "vu", "mp", "nu", "mu", "ph", "th", "vn", "my", "id", "br", "mx", "nl",
    "se", "fi", "dk", "at", "pl", "cz", "pe", "gs", "do",
];

/// Tests for a domain that is one without a path behind it.
pub fn is_sure(domain: &str) -> bool {
    SURE.iter().any(|sure| domain.eq_ignore_ascii_case(sure))
}

/// Tests for a domain that is one where a path is behind it.
pub fn is_before_path(domain: &str) -> bool {
    is_sure(domain) || BEFORE_PATH.contains(&domain)
}
