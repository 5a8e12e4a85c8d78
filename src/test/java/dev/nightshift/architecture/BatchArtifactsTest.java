package dev.nightshift.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import jakarta.inject.Named;
import java.beans.Introspector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/** The JSL files name beans by strings that no compiler checks. */
class BatchArtifactsTest {
    private static final Path JOBS = Path.of("batch-jobs");

    @Test
    void everyRefOfEveryJobIsANamedBeanAndTheReverse() throws Exception {
        Set<String> refs = new TreeSet<>();
        for (Path file : jobs()) {
            refs.addAll(refs(parse(file)));
        }
        assertFalse(refs.isEmpty(), "no refs in " + JOBS);
        assertEquals(beans(), refs);
    }

    @Test
    void aJobsIdIsItsFilesName() throws Exception {
        for (Path file : jobs()) {
            assertEquals(
                    file.getFileName().toString(),
                    parse(file).getDocumentElement().getAttribute("id") + ".xml");
        }
    }

    /** Without it the batch runtime sends every partition of the job through the queue, where there is one. */
    @Test
    void everyJobLeavesItToTheRunWhetherItsTargetsGoToTheQueue() throws Exception {
        for (Path file : jobs()) {
            Element first =
                    (Element) parse(file).getElementsByTagName("property").item(0);
            assertEquals(
                    "com.ibm.websphere.batch.partition.multiJVM #{jobParameters['spread']}",
                    first.getAttribute("name") + " " + first.getAttribute("value"),
                    file.toString());
        }
    }

    private static List<Path> jobs() throws IOException {
        try (Stream<Path> files = Files.list(JOBS)) {
            return files.filter(file -> file.toString().endsWith(".xml"))
                    .sorted()
                    .toList();
        }
    }

    private static Document parse(Path file) throws IOException, SAXException, ParserConfigurationException {
        return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(file.toFile());
    }

    private static Set<String> refs(Document job) {
        Set<String> refs = new TreeSet<>();
        var elements = job.getElementsByTagName("*");
        for (int i = 0; i < elements.getLength(); i++) {
            Element element = (Element) elements.item(i);
            if (element.hasAttribute("ref")) {
                refs.add(element.getAttribute("ref"));
            }
        }
        return refs;
    }

    private static Set<String> beans() {
        return new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.nightshift").stream()
                        .filter(candidate -> candidate.isAnnotatedWith(Named.class))
                        .filter(candidate -> !candidate.getModifiers().contains(JavaModifier.ABSTRACT))
                        .map(BatchArtifactsTest::name)
                        .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String name(JavaClass bean) {
        String given = bean.getAnnotationOfType(Named.class).value();
        return given.isEmpty() ? Introspector.decapitalize(bean.getSimpleName()) : given;
    }
}
