package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.util.regex.Pattern;

/** The rule for the names of objects: the same in every store, so that what lies in one can be copied to any other. */
public final class ObjectName {
    /** What a folder store calls an object that is being written. */
    static final String PARTIAL = ".partial";

    private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

    private ObjectName() {}

    /**
     * Lets pass a relative path with forward slashes, none of whose parts leads out of the store.
     *
     * @throws Failure.Fatal if it is something else
     */
    public static String check(String name) {
        for (String segment : name.split("/", -1)) {
            if (!SEGMENT.matcher(segment).matches() || segment.endsWith(PARTIAL)) {
                throw new Failure.Fatal("\"" + name + "\" cannot be the name of a stored object.", null, null);
            }
        }
        return name;
    }
}
