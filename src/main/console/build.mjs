// Placeholder replaced by the console's build.
