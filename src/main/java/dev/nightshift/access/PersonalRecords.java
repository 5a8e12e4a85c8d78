package dev.nightshift.access;

import java.util.List;
import java.util.Map;

/** What a package keeps that names people. Implemented by beans of the packages that this one does not know. */
public interface PersonalRecords {
    /** What the records are, in the plural: the field that holds them in an export. */
    String what();

    /**
     * Those that speak of the person, of all projects, the newest first.
     *
     * @param most at most this many
     */
    List<Map<String, Object>> of(String person, int most);

    /** Puts the pseudonym where the person's name stands, and forgets where they came from; within the erasure's transaction. */
    void rename(String person, String pseudonym);
}
