//! Renders a component natively, for its tests.

use futures_executor::block_on;
use yew::BaseComponent;
use yew::LocalServerRenderer;

/// What a component renders to.
pub(crate) struct Shown(pub(crate) String);

/// The component with these properties, as HTML.
pub(crate) fn show<C>(props: C::Properties) -> Shown
where
    C: BaseComponent,
{
    Shown(block_on(LocalServerRenderer::<C>::with_props(props).hydratable(false).render()))
}
