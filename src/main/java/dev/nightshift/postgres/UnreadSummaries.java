package dev.nightshift.postgres;

/** What a server's summaries of its log say of a part of it cannot be known; the message says why, as a part of a sentence. */
public final class UnreadSummaries extends Exception {
    private static final long serialVersionUID = 1L;

    UnreadSummaries(String why) {
        super(why);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
