package dev.nightshift.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.function.Predicate;

/** A class's package fulfils something. */
final class OfAPackageThat extends ArchCondition<JavaClass> {
    private final Predicate<JavaPackage> fulfils;

    OfAPackageThat(String description, Predicate<JavaPackage> fulfils) {
        super("be of a package that " + description);
        this.fulfils = fulfils;
    }

    @Override
    public void check(JavaClass candidate, ConditionEvents events) {
        if (!fulfils.test(candidate.getPackage())) {
            events.add(SimpleConditionEvent.violated(
                    candidate,
                    candidate.getName() + " is in a package that does not: "
                            + candidate.getPackage().getName()));
        }
    }
}
