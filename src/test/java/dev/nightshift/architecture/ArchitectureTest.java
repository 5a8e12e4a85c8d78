package dev.nightshift.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.library.plantuml.rules.PlantUmlArchCondition.Configuration.consideringOnlyDependenciesInAnyPackage;
import static com.tngtech.archunit.library.plantuml.rules.PlantUmlArchCondition.adhereToPlantUmlDiagram;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The rules of the house, without exceptions that grow: what breaks one is changed, or the rule is. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.nightshift");

    /** What stands between JAX-RS and every resource: filters, mappers, readers, the application itself. */
    private static final Set<String> JAX_RS_PLUMBING = Set.of(
            "dev.nightshift.access.LoginFilter",
            "dev.nightshift.access.ProjectFilter",
            "dev.nightshift.access.RequestLimitFilter",
            "dev.nightshift.fleet.Requests",
            "dev.nightshift.runtime.Api",
            "dev.nightshift.runtime.BodyLimit",
            "dev.nightshift.runtime.KeyFilter",
            "dev.nightshift.runtime.JsonText",
            "dev.nightshift.runtime.Problems");

    @Test
    void packagesUseWhatThePictureAllows() {
        ArchRuleDefinition.classes()
                .should(adhereToPlantUmlDiagram(
                        Path.of("docs", "architecture.puml"),
                        consideringOnlyDependenciesInAnyPackage("dev.nightshift..")))
                .check(CLASSES);
    }

    @Test
    void packagesFormNoCycle() {
        SlicesRuleDefinition.slices()
                .matching("dev.nightshift.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void packagesInsideAFeatureFormNoCycle() {
        SlicesRuleDefinition.slices()
                .matching("dev.nightshift.(**)")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void onlyJobAndMonitoringUseTheBatchRuntimeAndTimers() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideOutsideOfPackages("dev.nightshift.job..", "dev.nightshift.monitoring..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("jakarta.batch.operations..")
                        .or(type(jakarta.batch.runtime.BatchRuntime.class))
                        .or(type(jakarta.ejb.Schedule.class))
                        .or(type(jakarta.ejb.Schedules.class))
                        .or(type(jakarta.ejb.Timeout.class))
                        .or(type(jakarta.ejb.Timer.class))
                        .or(type(jakarta.ejb.TimerService.class)))
                .check(CLASSES);
    }

    @Test
    void onlyResourcesSpeakRest() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideOutsideOfPackage("dev.nightshift.console..")
                .and(DescribedPredicate.not(outermost(nameMatching(".*Resource"))))
                .and(DescribedPredicate.not(outermost(named(JAX_RS_PLUMBING))))
                .should()
                .dependOnClassesThat(resideInAPackage("jakarta.ws.rs.."))
                .check(CLASSES);
    }

    @Test
    void onlyRepositoriesUseTheEntityManager() {
        ArchRuleDefinition.noClasses()
                .that(DescribedPredicate.not(outermost(nameMatching(".*Repository"))))
                .should()
                .dependOnClassesThat(type(jakarta.persistence.EntityManager.class)
                        .or(type(jakarta.persistence.EntityManagerFactory.class))
                        .or(type(jakarta.persistence.PersistenceContext.class)))
                .check(CLASSES);
    }

    @Test
    void onlyTheClockTellsTheTime() {
        ArchRuleDefinition.noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.nightshift.kernel.Clock")
                .should()
                .accessTargetWhere(aReadingOfTheTime())
                .check(CLASSES);
    }

    @Test
    void everyPackageSaysWhyItExistsAndRefusesNulls() {
        ArchRuleDefinition.classes()
                .that()
                .areTopLevelClasses()
                .should(new OfAPackageThat("is null-marked in a package-info", ArchitectureTest::isNullMarked))
                .check(CLASSES);
    }

    private static boolean isNullMarked(JavaPackage javaPackage) {
        return javaPackage.isAnnotatedWith(NullMarked.class);
    }

    /** Elapsed time ({@code System.nanoTime}) is no time of day: deadlines may use it. */
    private static DescribedPredicate<JavaAccess<?>> aReadingOfTheTime() {
        return DescribedPredicate.describe("a reading of the time of day", access -> {
            AccessTarget target = access.getTarget();
            String owner = target.getOwner().getName();
            return switch (target.getName()) {
                case "now" -> owner.startsWith("java.time.");
                case "currentTimeMillis" -> owner.equals("java.lang.System");
                case "system", "systemUTC", "systemDefaultZone", "tickMillis", "tickSeconds" ->
                    owner.equals("java.time.Clock");
                case "<init>" -> owner.equals("java.util.Date") && isWithoutArguments(access);
                case "getInstance" -> owner.equals("java.util.Calendar");
                default -> false;
            };
        });
    }

    private static boolean isWithoutArguments(HasOwner<?> access) {
        return access instanceof com.tngtech.archunit.core.domain.JavaConstructorCall call
                && call.getTarget().getRawParameterTypes().isEmpty();
    }

    private static DescribedPredicate<JavaClass> outermost(DescribedPredicate<? super JavaClass> what) {
        return DescribedPredicate.describe("the outermost class is one with " + what.getDescription(), candidate -> {
            JavaClass outermost = candidate;
            while (outermost.getEnclosingClass().isPresent()) {
                outermost = outermost.getEnclosingClass().get();
            }
            return what.test(outermost);
        });
    }

    private static DescribedPredicate<JavaClass> named(Set<String> names) {
        return DescribedPredicate.describe("a name of " + names, candidate -> names.contains(candidate.getName()));
    }
}
