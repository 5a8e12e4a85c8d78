package dev.nightshift.backup.remote;

import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** The XML that S3 speaks, and Azure of its lists, without namespaces: elements with text, some of them grouped once. */
final class S3Text {
    /** A group of elements. */
    record Part(String name, Map<String, String> values) {
        /** The text of the first such element; empty if there is none. */
        String value(String element) {
            return Objects.requireNonNullElse(values.get(element), "");
        }
    }

    /** What repeats. */
    private static final Set<String> PARTS = Set.of("Version", "DeleteMarker", "Error", "Blob");

    private final Map<String, String> first = new HashMap<>();
    private final List<Part> parts = new ArrayList<>();

    private S3Text() {}

    /**
     * Reads an answer; an empty one holds nothing.
     *
     * @throws Failure.Retryable if it is none: something stands between, or it was cut off
     */
    static S3Text of(byte[] answer) {
        S3Text text = new S3Text();
        if (answer.length == 0) {
            return text;
        }
        try {
            XMLInputFactory factory = XMLInputFactory.newFactory();
            factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
            factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
            factory.setProperty(XMLInputFactory.IS_COALESCING, true);
            XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(answer));
            try {
                text.read(reader);
            } finally {
                reader.close();
            }
        } catch (XMLStreamException e) {
            throw new Failure.Retryable(
                    "The store answers with something that its service does not.",
                    "Look what stands between Nightshift and the store.",
                    null);
        }
        return text;
    }

    private void read(XMLStreamReader reader) throws XMLStreamException {
        Part part = null;
        boolean root = true;
        StringBuilder said = new StringBuilder();
        while (reader.hasNext()) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT -> {
                    said.setLength(0);
                    if (PARTS.contains(reader.getLocalName()) && !root) {
                        part = new Part(reader.getLocalName(), new HashMap<>());
                        parts.add(part);
                    }
                    root = false;
                }
                case XMLStreamConstants.CHARACTERS -> said.append(reader.getText());
                case XMLStreamConstants.END_ELEMENT -> {
                    if (part != null && part.name().equals(reader.getLocalName())) {
                        part = null;
                    } else {
                        (part == null ? first : part.values())
                                .putIfAbsent(
                                        reader.getLocalName(), said.toString().strip());
                    }
                    said.setLength(0);
                }
                default -> {}
            }
        }
    }

    /** The text of the first such element outside what repeats; empty if there is none. */
    String first(String element) {
        return Objects.requireNonNullElse(first.get(element), "");
    }

    /** What repeats under these names, in the order of the answer. */
    List<Part> parts(String... names) {
        return parts.stream()
                .filter(part -> List.of(names).contains(part.name()))
                .toList();
    }

    /** A request to delete these. */
    static byte[] deletion(Prefix prefix, List<S3Bucket.Version> versions) {
        StringBuilder text =
                new StringBuilder("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
        for (S3Bucket.Version each : versions) {
            text.append("<Object><Key>")
                    .append(escaped(prefix.inBucket(each.name())))
                    .append("</Key><VersionId>")
                    .append(escaped(each.id()))
                    .append("</VersionId></Object>");
        }
        return text.append("</Delete>").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
